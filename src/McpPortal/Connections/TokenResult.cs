using McpPortal.Data;
using McpPortal.Vault;

namespace McpPortal.Connections;

/// <summary>What a server that needs a connection gets; every sentence is fit for people and free of credentials.</summary>
internal abstract record TokenResult
{
    private TokenResult()
    {
    }

    /// <summary>A token that is good now, still encrypted.</summary>
    internal sealed record Token(
        ConnectionId Connection, string Account, long Generation, long ConsentVersion, DateTimeOffset? ExpiresAt, Protected Ciphertext, SecretBinding Binding) : TokenResult;

    /// <summary>Never connected, no link from this server, or the provider wants its owner back.</summary>
    /// <param name="Provider">Name for people.</param>
    /// <param name="Path">Where to do it: a path of this portal.</param>
    /// <param name="Sentence">What to tell the person.</param>
    internal sealed record NeedsConnection(string Provider, string Path, string Sentence) : TokenResult;

    /// <summary>The server moved; its owner agreed to another destination.</summary>
    internal sealed record NeedsConfirmation(string AgreedTo, string Now, string Path, string Sentence) : TokenResult;

    /// <summary>The token is used up and cannot be renewed at this moment.</summary>
    internal sealed record ProviderDown(string Sentence) : TokenResult;
}
