namespace McpPortal.Tests.Promises;

/// <summary>A process; with its start time, because ids are used again.</summary>
internal readonly record struct RunningProcess(int Id, string StartedAt);
