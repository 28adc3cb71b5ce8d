namespace McpPortal.Outbound;

/// <summary>Why a request leaves the portal; each purpose has its own connection pool and limits.</summary>
internal enum OutboundPurpose
{
    /// <summary>The sign-in provider: discovery, keys, token, userinfo. Also the keys of other issuers whose tokens are taken.</summary>
    SignIn,

    /// <summary>OAuth providers of connections: metadata, token, revoke, userinfo.</summary>
    Provider,

    /// <summary>MCP servers; no overall timeout, because answers may stream.</summary>
    Upstream,

    /// <summary>The same for a member's own server: outside Development the allow-list for internal hosts does not count.</summary>
    OwnUpstream,

    /// <summary>Documents that MCP clients publish about themselves; the allow-list counts as for a member's own server.</summary>
    ClientDocument,

    /// <summary>The public registry of MCP servers.</summary>
    Registry,

    /// <summary>Webhooks.</summary>
    Notice,
}
