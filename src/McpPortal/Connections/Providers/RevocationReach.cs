namespace McpPortal.Connections.Providers;

/// <summary>How much a revocation may take with it.</summary>
internal enum RevocationReach
{
    /// <summary>Everything the person granted to the app: a disconnect.</summary>
    Grant,

    /// <summary>These tokens only, because another connection of the same account lives on.</summary>
    Tokens,
}
