using McpPortal.Data;
using McpPortal.Sessions.Registry;

namespace McpPortal.Admin;

/// <summary>A session of an MCP client, and whose it is.</summary>
/// <param name="Session">The session.</param>
/// <param name="User">Its owner.</param>
/// <param name="Name">The owner's name.</param>
/// <param name="Email">The owner's address, which tells two people of one name apart.</param>
internal sealed record PersonSession(SessionListing Session, UserId User, string Name, string? Email);
