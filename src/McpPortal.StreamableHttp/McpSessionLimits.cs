namespace McpPortal.StreamableHttp;

/// <summary>How many sessions of the older revisions may live, and how long unused; and how much one user may ask at once.</summary>
public sealed record McpSessionLimits
{
    /// <summary>Time without a request or an open stream after which a session ends.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Sessions in the whole table; 503 beyond.</summary>
    public int MaxSessions { get; init; } = 10_000;

    /// <summary>Sessions of one user key. The one unused longest makes room; 429 when all are in use.</summary>
    public int MaxSessionsPerUser { get; init; } = 100;

    /// <summary>Messages of one user key, of all revisions, that are read or answered at once; 429 beyond.</summary>
    public int MaxRequestsPerUser { get; init; } = 512;
}
