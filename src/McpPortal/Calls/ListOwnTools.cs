using McpPortal.Data;

namespace McpPortal.Calls;

/// <summary>The tools of a server for the person in front of a page.</summary>
internal delegate Task<ToolListOutcome> ListOwnTools(UserId user, string server, CancellationToken cancellationToken);
