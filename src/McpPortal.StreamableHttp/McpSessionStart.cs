namespace McpPortal.StreamableHttp;

/// <summary>A session that is about to begin.</summary>
/// <param name="Id">The id that its client will be given.</param>
/// <param name="ClientName">What the client calls itself, as it sent it.</param>
/// <param name="ClientVersion">Its version, as it sent it.</param>
/// <param name="ProtocolVersion">The revision that both agreed on.</param>
public sealed record McpSessionStart(string Id, string? ClientName, string? ClientVersion, string? ProtocolVersion);
