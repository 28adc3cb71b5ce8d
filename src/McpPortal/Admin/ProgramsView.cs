using McpPortal.Clients.ActAs;
using McpPortal.Data;

namespace McpPortal.Admin;

/// <summary>All service keys, and the groups that a new one can be for.</summary>
internal sealed record ProgramsView(IReadOnlyList<ServiceKeyListing> Keys, IReadOnlyList<(GroupId Id, string Name)> Groups);
