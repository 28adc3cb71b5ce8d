namespace McpPortal.Connections.Providers;

/// <summary>How a request to revoke ended.</summary>
internal enum RevocationAnswer
{
    /// <summary>The tokens are dead at the provider, or it never knew them.</summary>
    Revoked,

    /// <summary>The provider has no way to revoke.</summary>
    Unsupported,

    /// <summary>Try again later.</summary>
    Unavailable,
}
