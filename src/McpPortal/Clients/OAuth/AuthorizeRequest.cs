using McpPortal.Data;

namespace McpPortal.Clients.OAuth;

/// <summary>What a client asks a person for, checked.</summary>
/// <param name="Client">Who asks.</param>
/// <param name="RedirectUri">Where the answer goes: one that the client may use.</param>
/// <param name="State">Whatever the client wants to have back.</param>
/// <param name="Scopes">What it wants to do.</param>
/// <param name="Challenge">PKCE challenge, method S256.</param>
/// <param name="ServerSlug">Short name of the one server it wants to use; null for all.</param>
internal sealed record AuthorizeRequest(KnownClient Client, string RedirectUri, string? State, IReadOnlyList<string> Scopes, string Challenge, string? ServerSlug)
{
    /// <summary>That server, once it is known that the person may use it.</summary>
    public AskedServer? Server { get; init; }
}

/// <summary>The one server that a client asks for.</summary>
internal sealed record AskedServer(ServerId Id, string Slug, string Name);
