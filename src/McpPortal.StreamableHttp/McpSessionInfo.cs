namespace McpPortal.StreamableHttp;

/// <summary>What may be shown of a live session.</summary>
public sealed record McpSessionInfo(string Id, string UserKey, string Path, string? ClientName, DateTimeOffset Created, DateTimeOffset LastUsed, int ActiveRequests);
