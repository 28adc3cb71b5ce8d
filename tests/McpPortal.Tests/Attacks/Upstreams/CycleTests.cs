using System.Globalization;
using System.Runtime.CompilerServices;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sessions.Stdio;

namespace McpPortal.Tests.Attacks.Upstreams;

/// <summary>Sessions come and go, and nothing stays: no object, no connection, no process, no descriptor.</summary>
public sealed class CycleTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static int Cycles(int small) => SoakSize.Of(small, 5000);

    [Fact]
    public async Task UP_8_Sessions_that_were_ended_leave_neither_objects_nor_connections()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        var server = (await rig.Portal.Get<ServerCatalog>().FindAsync(rig.Ana, "hostile", Stop))!.Id;
        var editor = rig.Portal.Get<ServerEditor>();
        var cycles = Cycles(100);
        var sessions = new List<WeakReference>();
        var initialized = 0;
        var memory = new Watermark(() =>
        {
            // What the test itself remembers is not the portal's.
            rig.Portal.Portal.Database.Canaries.LetGo();
            initialized += rig.Hostile.Count("initialize");
            rig.Hostile.Forget();
        });
        for (var i = 0; i < cycles; i++)
        {
            Assert.IsType<CallOutcome.Succeeded>(await rig.CallAsync());
            sessions.AddRange(Live(rig));
            foreach (var enabled in (bool[])[false, true])
            {
                Assert.IsType<ServerEditResult.Saved>(await editor.SetEnabledAsync(server, enabled, Actor.CommandLine, Stop));
            }

            memory.Note(i, cycles);
        }

        Assert.InRange(sessions.Count, cycles, int.MaxValue);
        await CallRig.UntilAsync(() => Task.FromResult(Alive(sessions) < 5), "Ended sessions are still held.", 60);
        await CallRig.UntilAsync(() => Task.FromResult(Connections(rig.Hostile.Authority) < 10), "Connections of ended sessions are still open.", 60);
        Assert.Equal(cycles, initialized + rig.Hostile.Count("initialize"));
        memory.AssertFlat($"{cycles:N0} HTTP sessions opened and ended");
    }

    [Fact]
    public async Task UP_8_Programs_that_were_ended_leave_neither_processes_nor_descriptors()
    {
        await using var rig = await StdioRig.StartAsync();
        var marker = $"--cycle-{Guid.NewGuid():n}";
        var (cycles, done) = (Cycles(6), 0);
        var memory = new Watermark(rig.Canaries.LetGo);
        await Parallel.ForAsync(0, cycles, new ParallelOptions { MaxDegreeOfParallelism = 3, CancellationToken = Stop }, async (_, _) =>
        {
            await using (var client = await rig.ConnectAsync(StdioRig.Launch(arguments: ["--", marker])))
            {
                Assert.Equal("slept", (await StdioRig.CallAsync(client, "sleep", new { milliseconds = 1 })).GetString());
                Assert.NotEmpty(Running(marker));
            }

            memory.Note(Interlocked.Increment(ref done), cycles);
        });

        Assert.Empty(Running(marker));
        Assert.Equal(0, rig.Host.Slots.Count);
        memory.AssertFlat($"{cycles:N0} programs started and ended");
    }

    /// <summary>
    /// Descriptors and memory of this process after a fifth of the cycles, against the end. Only alone in the process, as in
    /// <c>infra/soak</c>, do they say anything about the cycles.
    /// </summary>
    private sealed class Watermark(Action letGo)
    {
        private (int Descriptors, long Resident, long Heap) _early;

        public void Note(int cycle, int cycles)
        {
            if (SoakSize.IsFull && cycle == cycles / 5)
            {
                _early = Now();
            }
        }

        public void AssertFlat(string what)
        {
            if (!SoakSize.IsFull)
            {
                return;
            }

            var now = Now();
            SoakSize.Report("CYCLES", string.Create(
                CultureInfo.InvariantCulture,
                $"{what}: nothing left; from a fifth of them to the end {_early.Descriptors} → {now.Descriptors} descriptors, {_early.Resident >> 20} → {now.Resident >> 20} MiB resident, {_early.Heap >> 20} → {now.Heap >> 20} MiB of objects"));
            Assert.True(now.Descriptors <= _early.Descriptors + 20, $"{_early.Descriptors} descriptors became {now.Descriptors}: {Kinds()}");
            Assert.InRange(now.Resident, 0, _early.Resident * 1.1);
        }

        private (int Descriptors, long Resident, long Heap) Now()
        {
            letGo();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
            GC.WaitForPendingFinalizers();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
            return (Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(), Environment.WorkingSet, GC.GetTotalMemory(forceFullCollection: true));
        }

        private static string Kinds() => string.Join(", ", new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Select(file => (file.LinkTarget ?? "?").Split(':')[0]).CountBy(kind => kind).OrderByDescending(kind => kind.Value).Take(8));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> Live(HostileRig rig) => [.. rig.Portal.Sessions.Select(session => new WeakReference(session))];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Alive(List<WeakReference> sessions)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return sessions.Count(session => session.IsAlive);
    }

    /// <summary>Sockets of this machine connected to the address, those that wait to be forgotten left out.</summary>
    private static int Connections(string authority)
    {
        const string TimeWait = "06";
        var port = int.Parse(authority.Split(':')[1], CultureInfo.InvariantCulture).ToString("X4", CultureInfo.InvariantCulture);
        return File.ReadLines("/proc/net/tcp").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Count(fields => fields[2].EndsWith($":{port}", StringComparison.Ordinal) && fields[3] != TimeWait);
    }

    private static List<string> Running(string marker) => [.. Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)).Where(folder =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Contains(marker, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    })];
}
