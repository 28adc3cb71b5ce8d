namespace McpPortal.Connections;

/// <summary>What a disconnect achieved; here the connection is ended in every case but the first.</summary>
internal enum DisconnectResult
{
    NotFound,

    /// <summary>The provider confirmed.</summary>
    Revoked,

    /// <summary>The provider could not be reached; the portal goes on trying for a day.</summary>
    Pending,

    /// <summary>The provider offers no way to revoke.</summary>
    NoRevocation,
}
