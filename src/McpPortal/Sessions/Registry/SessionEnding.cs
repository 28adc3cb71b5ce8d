using McpPortal.Data;

namespace McpPortal.Sessions.Registry;

/// <summary>Why and when a session ended on its node.</summary>
internal readonly record struct SessionEnding(SessionEnd End, DateTimeOffset At);
