namespace McpPortal.Sessions.Registry;

/// <summary>How a session is used: as its node sees it now, or as the registry last heard.</summary>
/// <param name="LastActiveAt">The end of its last request.</param>
/// <param name="InUse">Whether a request is being answered or a stream is open.</param>
internal readonly record struct LiveUse(DateTimeOffset LastActiveAt, bool InUse);
