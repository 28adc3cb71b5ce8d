using McpPortal.Data;

namespace McpPortal.Clients.OAuth;

/// <summary>What a client asks a person for, checked.</summary>
/// <param name="Client">Who asks.</param>
/// <param name="RedirectUri">Where the answer goes: one that the client may use.</param>
/// <param name="State">Whatever the client wants to have back.</param>
/// <param name="Scopes">What it wants to do.</param>
/// <param name="Challenge">PKCE challenge, method S256.</param>
/// <param name="Resource">Name of the one endpoint it wants to use (<see cref="McpResource.NameOf"/>); null for all servers.</param>
internal sealed record AuthorizeRequest(KnownClient Client, string RedirectUri, string? State, IReadOnlyList<string> Scopes, string Challenge, string? Resource)
{
    /// <summary>The server behind it, once it is known that the person may use it.</summary>
    public AskedServer? Server { get; init; }

    /// <summary>Or the toolset, once it is known to be the person's.</summary>
    public AskedToolset? Toolset { get; init; }
}

/// <summary>The one server that a client asks for.</summary>
internal sealed record AskedServer(ServerId Id, string Slug, string Name);

/// <summary>The one toolset that a client asks for.</summary>
internal sealed record AskedToolset(ToolsetId Id, string Name);
