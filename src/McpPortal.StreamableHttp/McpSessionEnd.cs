namespace McpPortal.StreamableHttp;

/// <summary>Why a session is over.</summary>
public enum McpSessionEnd
{
    /// <summary>Its client ended it, or left before it had begun.</summary>
    Client,

    /// <summary>Nobody used it for too long.</summary>
    Idle,

    /// <summary>It made room for a newer one of its user.</summary>
    MadeRoom,

    /// <summary>Whoever manages the table closed it.</summary>
    Closed,

    /// <summary>The host stopped.</summary>
    Stopped,
}
