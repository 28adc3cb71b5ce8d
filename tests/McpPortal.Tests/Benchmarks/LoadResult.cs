namespace McpPortal.Tests.Benchmarks;

/// <summary>What one run of calls took.</summary>
/// <param name="Latencies">Of every right answer in milliseconds, in ascending order.</param>
/// <param name="Seconds">From the first call to the last answer.</param>
/// <param name="Wrong">Answers that were somebody else's.</param>
/// <param name="Failures">What went wrong otherwise, and how often.</param>
internal sealed record LoadResult(IReadOnlyList<double> Latencies, double Seconds, int Wrong, IReadOnlyDictionary<string, int> Failures)
{
    public double P50 => Percentiles.Of(Latencies, 0.5);

    public double P99 => Percentiles.Of(Latencies, 0.99);

    public double PerSecond => Latencies.Count / Seconds;

    public int Failed => Failures.Values.Sum();
}
