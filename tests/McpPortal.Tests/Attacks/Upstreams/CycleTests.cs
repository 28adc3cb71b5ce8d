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

    [Fact]
    public async Task UP_8_Sessions_that_were_ended_leave_neither_objects_nor_connections()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        var server = (await rig.Portal.Get<ServerCatalog>().FindAsync(rig.Ana, "hostile", Stop))!.Id;
        var editor = rig.Portal.Get<ServerEditor>();
        var cycles = SoakSize.IsFull ? 5000 : 100;
        var sessions = new List<WeakReference>();
        for (var i = 0; i < cycles; i++)
        {
            Assert.IsType<CallOutcome.Succeeded>(await rig.CallAsync());
            sessions.AddRange(Live(rig));
            foreach (var enabled in (bool[])[false, true])
            {
                Assert.IsType<ServerEditResult.Saved>(await editor.SetEnabledAsync(server, enabled, Actor.CommandLine, Stop));
            }
        }

        Assert.InRange(sessions.Count, cycles, int.MaxValue);
        await CallRig.UntilAsync(() => Task.FromResult(Alive(sessions) < 5), "Ended sessions are still held.", 60);
        await CallRig.UntilAsync(() => Task.FromResult(Connections(rig.Hostile.Authority) < 10), "Connections of ended sessions are still open.", 60);
        Assert.Equal(cycles, rig.Hostile.Count("initialize"));
    }

    [Fact]
    public async Task UP_8_Programs_that_were_ended_leave_neither_processes_nor_descriptors()
    {
        await using var rig = await StdioRig.StartAsync();
        var marker = $"--cycle-{Guid.NewGuid():n}";
        var before = 0;
        for (var i = 0; i < (SoakSize.IsFull ? 500 : 6); i++)
        {
            await using (var client = await rig.ConnectAsync(StdioRig.Launch(arguments: ["--", marker])))
            {
                Assert.Equal("slept", (await StdioRig.CallAsync(client, "sleep", new { milliseconds = 1 })).GetString());
                Assert.NotEmpty(Running(marker));
            }

            before = i == 2 ? Descriptors() : before;
        }

        Assert.Empty(Running(marker));
        Assert.Equal(0, rig.Host.Slots.Count);

        // One that stayed open in each cycle would make hundreds; other tests of this process open a few.
        Assert.True(!SoakSize.IsFull || Descriptors() < before + 250, $"{before} descriptors became {Descriptors()}.");
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

    private static int Descriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

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
