namespace McpPortal.Gateway;

/// <summary>The levels of MCP's log (RFC 5424 §6.2.1), by the names that the protocol gives them.</summary>
internal static class LogLevels
{
    private static readonly string[] Names = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

    /// <summary>Whether a client that asked for <paramref name="lowest"/> wants to hear <paramref name="level"/>.</summary>
    public static bool Includes(string lowest, string? level) => Array.IndexOf(Names, level) >= Array.IndexOf(Names, lowest);

    public static bool IsOne(string? name) => Array.IndexOf(Names, name) >= 0;
}
