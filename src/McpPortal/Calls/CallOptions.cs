namespace McpPortal.Calls;

/// <summary>Wishes of the caller for one call.</summary>
internal sealed record CallOptions
{
    public static CallOptions Default { get; } = new();

    /// <summary>Shorter than the server's own limit; longer ones are cut to it.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Called on another thread for each notification; must be quick.</summary>
    public Action<CallProgress>? Progress { get; init; }
}
