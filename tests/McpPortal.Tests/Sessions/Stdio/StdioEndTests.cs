using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using McpPortal.Sessions.Stdio;
using ModelContextProtocol.Client;

namespace McpPortal.Tests.Sessions.Stdio;

[SupportedOSPlatform("linux")]
public sealed class StdioEndTests
{
    private const string Hold = "MCPPORTAL_STDIO_HOLD";

    [Fact]
    public async Task UP_8_Nothing_is_left_when_a_session_is_closed()
    {
        await using var rig = await StdioRig.StartAsync();
        var marker = Marker();
        var client = await rig.ConnectAsync();
        Assert.Equal("started", (await StdioRig.CallAsync(client, "grandchild", new { marker })).GetString());
        Assert.Single(Sleeping(marker));

        await client.DisposeAsync();

        Assert.Empty(Sleeping(marker));
        Assert.Equal(0, rig.Host.Slots.Count);
        var details = Assert.IsType<StdioClientCompletionDetails>(await client.Completion);
        Assert.Equal(0, details.ExitCode);
    }

    [Fact]
    public async Task UP_8_A_program_that_ignores_its_end_is_killed()
    {
        await using var rig = await StdioRig.StartAsync(new StdioOptions { GraceTime = TimeSpan.FromMilliseconds(200) });
        var client = await rig.ConnectAsync();
        Assert.Equal("stubborn", (await StdioRig.CallAsync(client, "stubborn")).GetString());

        await client.DisposeAsync();

        Assert.Equal(128 + 9, Assert.IsType<StdioClientCompletionDetails>(await client.Completion).ExitCode);
        Assert.Equal(0, rig.Host.Slots.Count);
    }

    [Fact]
    public async Task UP_2_A_crash_ends_the_session_with_its_exit_code_and_takes_its_children_along()
    {
        await using var rig = await StdioRig.StartAsync();
        var marker = Marker();
        await using var client = await rig.ConnectAsync();
        await using var other = await rig.ConnectAsync();
        await StdioRig.CallAsync(client, "grandchild", new { marker });

        await Assert.ThrowsAnyAsync<Exception>(() => StdioRig.CallAsync(client, "crash"));

        var details = Assert.IsType<StdioClientCompletionDetails>(await client.Completion.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal(42, details.ExitCode);
        Assert.Empty(Sleeping(marker));
        Assert.Equal("slept", (await StdioRig.CallAsync(other, "sleep", new { milliseconds = 1 })).GetString());
    }

    [Fact]
    public async Task UP_8_Stopping_the_portal_ends_every_program()
    {
        await using var rig = await StdioRig.StartAsync();
        var marker = Marker();
        await using var client = await rig.ConnectAsync();
        await StdioRig.CallAsync(client, "grandchild", new { marker });

        await rig.Host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Empty(Sleeping(marker));
        await Assert.ThrowsAsync<StdioRefusedException>(() => rig.Host.StartAsync(StdioRig.Launch(), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(nameof(Isolation.OwnUser))]
    [InlineData(nameof(Isolation.OwnNamespaces))]
    public async Task UP_8_Nothing_is_left_when_the_portal_is_killed(string isolation)
    {
        Assert.SkipUnless(Environment.UserName == "root" || isolation == nameof(Isolation.OwnNamespaces), "needs root");
        var marker = Marker();
        var folder = Directory.CreateTempSubdirectory("stdio-hold-");
        folder.UnixFileMode = (UnixFileMode)0b111_111_111;
        var ready = Path.Combine(folder.FullName, "ready");
        var program = Path.Combine(AppContext.BaseDirectory, "McpPortal.Tests");
        string[] arguments = ["-explicit", "only", "-method", $"{typeof(StdioEndTests).FullName}.{nameof(Host_that_waits_to_be_killed)}"];
        var info = isolation == nameof(Isolation.OwnNamespaces) && Environment.UserName == "root"
            ? new ProcessStartInfo("/usr/bin/setpriv", ["--reuid=57999", "--regid=57999", "--clear-groups", program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        info.UseShellExecute = false;
        info.RedirectStandardOutput = info.RedirectStandardError = true;
        info.Environment[Hold] = $"{marker}|{ready}|{isolation}";
        info.Environment["HOME"] = folder.FullName;
        info.Environment["TMPDIR"] = folder.FullName;
        using var host = Process.Start(info)!;
        var output = host.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await UntilAsync(() => File.Exists(ready) || host.HasExited, TimeSpan.FromSeconds(60));
        Assert.True(File.Exists(ready), host.HasExited ? await output : "the host was not ready in time");
        Assert.Single(Sleeping(marker));

        Assert.Equal(0, Posix.Kill(host.Id, 9));

        await UntilAsync(() => Sleeping(marker).Count == 0, TimeSpan.FromSeconds(10));
        Assert.Empty(Sleeping(marker));
        folder.Delete(recursive: true);
    }

    /// <summary>The portal of the test above, in a process of its own.</summary>
    [Fact(Explicit = true)]
    public async Task Host_that_waits_to_be_killed()
    {
        var hold = Environment.GetEnvironmentVariable(Hold)!.Split('|');
        await using var rig = await StdioRig.StartAsync();
        Assert.Equal(Enum.Parse<Isolation>(hold[2]), rig.Host.Isolation);
        await using var client = await rig.ConnectAsync();
        Assert.Equal("started", (await StdioRig.CallAsync(client, "grandchild", new { marker = hold[0] })).GetString());
        await File.WriteAllTextAsync(hold[1], "", TestContext.Current.CancellationToken);
        await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
    }

    private static string Marker() => string.Create(CultureInfo.InvariantCulture, $"{Random.Shared.Next(100_000, 900_000)}.{Environment.ProcessId}");

    private static List<string> Sleeping(string marker) =>
    [
        .. Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)).Where(folder =>
        {
            try
            {
                return File.ReadAllText(Path.Combine(folder, "cmdline")).Contains($"sleep\0{marker}\0", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false;
            }
        }),
    ];

    private static async Task UntilAsync(Func<bool> condition, TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        while (!condition() && clock.Elapsed < patience)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
