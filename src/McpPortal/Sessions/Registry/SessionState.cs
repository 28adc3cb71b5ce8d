namespace McpPortal.Sessions.Registry;

/// <summary>How a session of an MCP client is.</summary>
public enum SessionState
{
    Active,
    Idle,
    Ended,
}
