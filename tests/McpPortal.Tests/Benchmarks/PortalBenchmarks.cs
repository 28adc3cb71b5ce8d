using System.Globalization;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Benchmarks;

/// <summary>How fast and how lean the portal is, against direct calls in the same run. Only when asked for: <c>infra/bench</c>.</summary>
public sealed class PortalBenchmarks(PostgresCluster cluster)
{
    private const string Older = "2025-11-25";
    private const string Newer = "2026-07-28";
    private static readonly int Users = SoakSize.Named("BENCH_USERS", 500);
    private static readonly int Concurrent = SoakSize.Named("BENCH_CONCURRENT", 16);
    private static readonly int Calls = SoakSize.Named("BENCH_CALLS", 250);
    private static readonly int Rounds = SoakSize.Named("BENCH_ROUNDS", 3);
    private const int Many = 256;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>So long a process is called before it is measured: its compilers are at work for that long and would be measured instead.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(SoakSize.Named("BENCH_WARMUP", 25));

    /// <summary>One of <c>calls</c>, <c>sessions</c> and <c>starts</c>; all when none is named.</summary>
    private static readonly string? Only = Environment.GetEnvironmentVariable("PORTAL_SOAK_BENCH_ONLY");
    private readonly List<TargetRow> _targets = [];
    private readonly List<string> _runs = [];
    private int _wrong;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Figures_with_one_credential_per_person()
    {
        await using var rig = await BenchRig.StartAsync(cluster);
        var users = await rig.AddUsersAsync(Users);
        if (IsMeasured("calls"))
        {
            await CallsAsync(rig, [.. users.Take(Concurrent)], [.. users.Take(Many)]);
        }

        if (IsMeasured("sessions"))
        {
            await SessionsAsync(rig, users);
        }

        if (IsMeasured("starts"))
        {
            await StartsAsync(rig);
        }

        _targets.Add(TargetRow.AtMost("answers that were somebody else's", 0, _wrong, ""));
        await WriteAsync();
        Assert.Equal(0, _wrong);
    }

    private static bool IsMeasured(string part) => Only is null || Only == part;

    private async Task CallsAsync(BenchRig rig, IReadOnlyList<BenchUser> few, IReadOnlyList<BenchUser> many)
    {
        foreach (var version in (string[])[Older, Newer])
        {
            var direct = BenchTarget.Stub(rig.StubDirect, version, throughPortal: false);
            var forwarder = BenchTarget.Stub(rig.StubThroughForwarder, version, throughPortal: false);
            var portal = BenchTarget.Stub(rig.StubThroughPortal, version, throughPortal: true);
            foreach (var target in (BenchTarget[])[direct, forwarder, portal])
            {
                await WarmUpAsync(target, few);
            }

            var bare = await RunAsync(rig.ForwarderUse, $"bare forwarder, {version}, one caller", direct, forwarder, [few[0]], Calls * 4);
            var one = await RunAsync(rig.PortalUse, $"stub, {version}, one caller", direct, portal, [few[0]], Calls * 4);
            _targets.Add(TargetRow.AtMost($"added p50, one caller, {version}", 0.6, one.AddedP50, "ms"));
            _targets.Add(TargetRow.Plain($"the same of a bare forwarder, {version}", bare.AddedP50, "ms"));
            _targets.Add(TargetRow.Plain($"added p99, one caller, {version}", one.AddedP99, "ms"));
            bare = await RunAsync(rig.ForwarderUse, $"bare forwarder, {version}, {few.Count} callers", direct, forwarder, few, Calls);
            _targets.Add(TargetRow.Plain($"throughput ÷ direct of a bare forwarder, {few.Count} callers, {version}", bare.ThroughputRatio, ""));
            _targets.Add(TargetRow.Plain($"CPU of a bare forwarder per call, {few.Count} callers, {version}", bare.CpuPerCall, "ms"));
            Concurrently($"stub, {version}", 0.40, await RunAsync(rig.PortalUse, $"stub, {version}, {few.Count} callers", direct, portal, few, Calls));
            var crowd = await RunAsync(rig.PortalUse, $"stub, {version}, {many.Count} callers", direct, portal, many, Math.Max(1, Calls / 10));
            _targets.Add(TargetRow.Least($"calls per second, {many.Count} callers, stub, {version}", 6000, crowd.PerSecond));
        }

        // It speaks the older revisions only, so only these can be compared.
        var (everything, throughPortal) = (BenchTarget.Everything(rig.EverythingDirect, Older, throughPortal: false), BenchTarget.Everything(rig.EverythingThroughPortal, Older, throughPortal: true));
        await WarmUpAsync(everything, few);
        await WarmUpAsync(throughPortal, few);
        Concurrently("server-everything", 0.55, await RunAsync(rig.PortalUse, $"server-everything, {Older}, {few.Count} callers", everything, throughPortal, few, Calls));
    }

    private async Task StartsAsync(BenchRig rig)
    {
        var starts = new List<double>();
        for (var start = 0; start < Rounds; start++)
        {
            starts.Add(await rig.RestartAsync());
        }

        _targets.Add(TargetRow.AtMost("start to ready, existing database", 3, Percentiles.Median(starts), "s"));
    }

    private static async Task WarmUpAsync(BenchTarget target, IReadOnlyList<BenchUser> users)
    {
        using var run = new LoadRun(target, int.MaxValue, WarmUp);
        await run.RunAsync(users, warmUp: 0, static () => { }, Stop);
    }

    private async Task<PairedRun> RunAsync(Func<ProcessUse> use, string name, BenchTarget direct, BenchTarget portal, IReadOnlyList<BenchUser> users, int calls)
    {
        var run = new PairedRun(direct, portal, use, Rounds, Longest);
        await run.RunAsync(users, calls, Stop);
        _wrong += run.Wrong;
        _runs.Add(run.Line(name));
        Assert.True(run.Answers > 0, $"{name}: {string.Join("; ", run.Failures)}");
        return run;
    }

    private void Concurrently(string name, double share, PairedRun run)
    {
        _targets.Add(TargetRow.Least($"throughput ÷ direct, {Concurrent} callers, {name}", share, run.ThroughputRatio));
        _targets.Add(TargetRow.AtMost($"p99 ÷ direct p99, {Concurrent} callers, {name}", 2.5, run.P99Ratio, ""));
        _targets.Add(TargetRow.AtMost($"CPU of the portal per call, {Concurrent} callers, {name}, {(run.Streamed ? "event stream" : "JSON")}", run.Streamed ? 0.35 : 0.20, run.CpuPerCall, "ms"));
    }

    /// <summary>Everybody opens a session for the first time, after a restart, and keeps it.</summary>
    private async Task SessionsAsync(BenchRig rig, IReadOnlyList<BenchUser> users)
    {
        await rig.RestartAsync();
        var target = BenchTarget.Stub(rig.StubThroughPortal, Older, throughPortal: true);
        await WarmUpAsync(target, [.. users.Take(Concurrent)]);
        using var run = new LoadRun(target, 1, Longest);
        var first = Math.Max(Concurrent, users.Count / 5);
        await run.OpenAndCallAsync([.. users.Take(first)], Stop); // what the process loads and compiles for the first of all is nobody's session
        await Task.Delay(TimeSpan.FromSeconds(2), Stop);
        var before = rig.PortalUse();
        var opened = await run.OpenAndCallAsync([.. users.Skip(first)], Stop);
        await Task.Delay(TimeSpan.FromSeconds(2), Stop);
        var after = rig.PortalUse();
        const double Mega = 1024 * 1024;
        _targets.Add(TargetRow.AtMost("session open to first answer, 16 at once, p50", 50, Percentiles.Of(opened, 0.5), "ms"));
        _targets.Add(TargetRow.AtMost(string.Create(CultureInfo.InvariantCulture, $"resident memory with {users.Count} user sessions"), 200, after.ResidentBytes / Mega, "MB"));
        _targets.Add(TargetRow.AtMost("resident memory per user session", 100, (after.ResidentBytes - before.ResidentBytes) / 1024.0 / opened.Count, "KB"));
    }

    private async Task WriteAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "bench"));
        var text = TargetRow.Table(_targets)
            + "\n| Run | direct p50 / p99 ms | portal p50 / p99 ms | direct calls/s | portal calls/s | portal CPU ms per call | failed |\n|---|---|---|---|---|---|---|\n"
            + string.Join('\n', _runs) + "\n";
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "table.md"), text, Stop);
    }
}
