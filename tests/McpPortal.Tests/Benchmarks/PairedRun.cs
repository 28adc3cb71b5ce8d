using System.Globalization;

namespace McpPortal.Tests.Benchmarks;

/// <summary>The same load directly and through the portal, seconds apart, several times in turn: a noisy machine disturbs both.</summary>
internal sealed class PairedRun(BenchTarget direct, BenchTarget portal, Func<ProcessUse> portalUse, int rounds, TimeSpan longest)
{
    private readonly List<(LoadResult Direct, LoadResult Portal, double CpuMs)> _rounds = [];

    public bool Streamed { get; private set; }

    public double AddedP50 => Median(round => round.Portal.P50 - round.Direct.P50);

    public double AddedP99 => Median(round => round.Portal.P99 - round.Direct.P99);

    public double P99Ratio => Median(round => round.Portal.P99 / round.Direct.P99);

    public double ThroughputRatio => Median(round => round.Portal.PerSecond / round.Direct.PerSecond);

    /// <summary>Calls through the portal in a second.</summary>
    public double PerSecond => Median(round => round.Portal.PerSecond);

    /// <summary>Milliseconds of processor time that the portal takes for a call.</summary>
    public double CpuPerCall => Median(round => round.CpuMs / (round.Portal.Latencies.Count + round.Portal.Failed));

    public int Wrong { get; private set; }

    public int Answers => _rounds.Sum(round => round.Portal.Latencies.Count);

    public async Task RunAsync(IReadOnlyList<BenchUser> users, int calls, CancellationToken cancellationToken)
    {
        // The first round does not count: caches, connections and what the compilers had not yet met.
        for (var round = 0; round <= rounds; round++)
        {
            var (baseline, _) = await OnceAsync(direct, users, calls, cancellationToken);
            var (measured, cpu) = await OnceAsync(portal, users, calls, cancellationToken);
            Wrong += baseline.Wrong + measured.Wrong;
            if (round > 0)
            {
                _rounds.Add((baseline, measured, cpu));
            }
        }
    }

    /// <summary>A line for the table of all runs.</summary>
    public string Line(string name) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {Median(r => r.Direct.P50):0.00} / {Median(r => r.Direct.P99):0.00} | {Median(r => r.Portal.P50):0.00} / {Median(r => r.Portal.P99):0.00} | {Median(r => r.Direct.PerSecond):N0} | {Median(r => r.Portal.PerSecond):N0} | {CpuPerCall:0.00} | {_rounds.Sum(r => r.Direct.Failed + r.Portal.Failed)} |");

    /// <summary>What failed, and how often.</summary>
    public IEnumerable<string> Failures => _rounds.SelectMany(round => round.Direct.Failures.Concat(round.Portal.Failures)).Select(failure => $"{failure.Value} × {failure.Key}");

    private async Task<(LoadResult Result, double CpuMs)> OnceAsync(BenchTarget target, IReadOnlyList<BenchUser> users, int calls, CancellationToken cancellationToken)
    {
        var uses = new List<ProcessUse>(2);
        using var run = new LoadRun(target, calls, longest);
        var result = await run.RunAsync(users, warmUp: 5, () => uses.Add(portalUse()), cancellationToken);
        Streamed |= target == portal && run.Streamed;
        return (result, uses[1].CpuMs - uses[0].CpuMs);
    }

    private double Median(Func<(LoadResult Direct, LoadResult Portal, double CpuMs), double> figure) => Percentiles.Median(_rounds.Select(figure));
}
