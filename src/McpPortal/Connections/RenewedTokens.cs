using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>A finished refresh, encrypted, on its way into the row: what the journal keeps while the database is away.</summary>
internal sealed record RenewedTokens
{
    public required ConnectionId Connection { get; init; }

    /// <summary>Generation that was refreshed; the row moves to the next one.</summary>
    public required long Generation { get; init; }

    /// <summary>Fence of the lease under which it was done.</summary>
    public required long Fence { get; init; }

    public required byte[] AccessToken { get; init; }

    public byte[]? RefreshToken { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RefreshExpiresAt { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    public required DateTimeOffset At { get; init; }
}
