using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>A connection as its owner sees it; never a token.</summary>
public sealed record ConnectionSummary
{
    public required ConnectionId Id { get; init; }

    /// <summary>Name of the provider in addresses, and for people.</summary>
    public required string Provider { get; init; }

    public required string ProviderName { get; init; }

    public required string Account { get; init; }

    public string? Label { get; init; }

    public required ConnectionStatus Status { get; init; }

    /// <summary>The provider refuses the app itself or cannot be reached; nothing for the owner to do.</summary>
    public required bool ProviderDown { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Names of the servers that may use it.</summary>
    public required IReadOnlyList<string> UsedBy { get; init; }

    public DateTimeOffset ConnectedAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When the portal will renew access by itself; null when it cannot or need not.</summary>
    public DateTimeOffset? RenewsAt { get; init; }

    /// <summary>When the grant as a whole ends, where the provider says so.</summary>
    public DateTimeOffset? GrantExpiresAt { get; init; }

    public string? LastError { get; init; }

    public DateTimeOffset? LastErrorAt { get; init; }
}
