namespace McpPortal.TestConsole;

/// <summary>One line of what happened, with the time since the call was asked for.</summary>
public sealed record ProtocolEntry(TimeSpan At, string What, string Words);
