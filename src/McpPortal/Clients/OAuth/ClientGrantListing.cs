using McpPortal.Data;

namespace McpPortal.Clients.OAuth;

/// <summary>A grant as the person sees it who gave it.</summary>
internal sealed record ClientGrantListing(
    ClientGrantId Id,
    string Name,
    string Host,
    string? Server,
    string? Toolset,
    IReadOnlyList<string> Scopes,
    DateTimeOffset Since,
    DateTimeOffset? LastUsedAt,
    DateTimeOffset ExpiresAt);
