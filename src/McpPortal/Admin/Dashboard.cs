using McpPortal.Data;

namespace McpPortal.Admin;

/// <summary>How the portal did in one period, over all people.</summary>
internal sealed record Dashboard
{
    public required DashboardPeriod Period { get; init; }

    public required long Calls { get; init; }

    /// <summary>Calls that neither succeeded nor were cancelled by their caller.</summary>
    public required long Errors { get; init; }

    /// <summary>The same in the period before, for the trend.</summary>
    public required long CallsBefore { get; init; }

    public required long ErrorsBefore { get; init; }

    /// <summary>Null without calls that reached a server.</summary>
    public required Latency? Latency { get; init; }

    public required int People { get; init; }

    public required int LiveSessions { get; init; }

    public required int NeedPerson { get; init; }

    public required IReadOnlyList<DashboardPoint> Points { get; init; }

    public required IReadOnlyList<ServerLoad> Slowest { get; init; }

    public required IReadOnlyList<ServerLoad> Failing { get; init; }

    public required IReadOnlyList<PersonLoad> Heaviest { get; init; }

    public double PerMinute => Calls / Period.Length().TotalMinutes;

    public double ErrorShare => Calls == 0 ? 0 : (double)Errors / Calls;

    public double ErrorShareBefore => CallsBefore == 0 ? 0 : (double)ErrorsBefore / CallsBefore;
}

/// <summary>Percentiles of the newest calls that reached a server.</summary>
/// <param name="P50">Half of them took at most this long.</param>
/// <param name="P95">19 of 20 took at most this long.</param>
/// <param name="Sample">How many calls were looked at.</param>
internal sealed record Latency(TimeSpan P50, TimeSpan P95, int Sample);

/// <summary>One point of the chart; <paramref name="At"/> is UTC, as the chart wants it.</summary>
internal sealed record DashboardPoint(DateTime At, long Calls, long Errors);

/// <summary>One server in the period. Two people's own servers of the same name are two.</summary>
internal sealed record ServerLoad(ServerId Id, string Slug, long Calls, long Errors, TimeSpan? P95);

/// <summary>One person in the period.</summary>
internal sealed record PersonLoad(UserId Id, string Name, long Calls, long Errors);
