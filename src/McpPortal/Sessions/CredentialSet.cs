using McpPortal.Data;
using McpPortal.Servers;

namespace McpPortal.Sessions;

/// <summary>What a user can bring to a server.</summary>
internal abstract record CredentialSet
{
    private CredentialSet()
    {
    }

    /// <summary>Everything that the server needs.</summary>
    /// <param name="Items">The credentials, still encrypted.</param>
    public sealed record Ready(IReadOnlyList<ResolvedCredential> Items) : CredentialSet
    {
        /// <summary>Part of the key of a session.</summary>
        public string Key { get; } = string.Join(';', Items.Select(item => item.ConsentKey));

        /// <summary>What the owner recognises the account by, for results and records.</summary>
        public string? Account { get; } = Items.FirstOrDefault(item => item.Token is not null)?.Token?.Account
            ?? (Items.Count > 0 ? Items[0].Need.Yours() : null);

        public ConnectionId? Connection { get; } = Items.FirstOrDefault(item => item.Token is not null)?.Token?.Connection;
    }

    /// <summary>Something only the user can give.</summary>
    /// <param name="Sentence">What to do.</param>
    /// <param name="Path">Local path of the page that does it.</param>
    public sealed record Missing(string Sentence, string Path) : CredentialSet;

    /// <summary>The provider cannot renew the token right now; nobody has to do anything.</summary>
    public sealed record Down(string Sentence) : CredentialSet;
}
