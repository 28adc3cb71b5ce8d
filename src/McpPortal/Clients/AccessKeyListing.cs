using McpPortal.Data;

namespace McpPortal.Clients;

/// <summary>An access key as its owner sees it: everything but the key.</summary>
internal sealed record AccessKeyListing(
    string Id,
    string Name,
    bool ReadOnly,
    IReadOnlyList<ServerId>? Servers,
    IReadOnlyList<ToolsetId>? Toolsets,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt,
    string? LastUsedFrom);
