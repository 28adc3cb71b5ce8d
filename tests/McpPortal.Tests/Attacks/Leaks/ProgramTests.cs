using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using McpPortal.Sessions.Stdio;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Tests.Sessions.Stdio;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;

namespace McpPortal.Tests.Attacks.Leaks;

/// <summary>What a person's program can find out about the portal, about others and about the machine, and what it can get into logs.</summary>
[SupportedOSPlatform("linux")]
public sealed class ProgramTests
{
    private static readonly Dictionary<string, string> Token = new(StringComparer.Ordinal) { ["DEMO_TOKEN"] = Canary.New("token") };

    [Fact]
    public async Task LEAK_7_A_program_sees_only_declared_variables()
    {
        Environment.SetEnvironmentVariable("PORTAL_CANARY", Canary.New("portal"));
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync(StdioRig.Launch(environment: Token));

        var seen = await StdioRig.CallAsync(client, "printenv");

        Assert.Equal(["DEMO_TOKEN", "HOME", "LANG", "PATH", "TMPDIR"], seen.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Token["DEMO_TOKEN"], seen.GetProperty("DEMO_TOKEN").GetString());
    }

    [Fact]
    public async Task LEAK_7_ISO_5_A_program_sees_no_process_but_its_own_and_the_keeper()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var ana = await rig.ConnectAsync(StdioRig.Launch(environment: Token));
        await using var ben = await rig.ConnectAsync(StdioRig.Launch());

        var seen = await StdioRig.CallAsync(ben, "readproc");

        var other = Assert.Single(seen.EnumerateArray());
        Assert.Equal(1, other.GetProperty("pid").GetInt32());
        Assert.Equal("EACCES", other.GetProperty("environ").GetString());
        Assert.Equal("EACCES", other.GetProperty("root").GetString());
        Assert.False(CanaryScan.Holds(seen.GetRawText()));
    }

    [Fact]
    public async Task LEAK_7_A_program_has_no_privileges_and_no_inherited_files()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync();

        var status = (await StdioRig.CallAsync(client, "status")).GetString()!;
        var files = (await StdioRig.CallAsync(client, "files")).EnumerateArray().Select(f => f.GetString()!).ToList();
        var limits = (await StdioRig.CallAsync(client, "limits")).GetString()!;

        Assert.Contains("NoNewPrivs:\t1", status, StringComparison.Ordinal);
        Assert.Contains("CapEff:\t0000000000000000", status, StringComparison.Ordinal);
        Assert.Contains("Groups:\t \n", status, StringComparison.Ordinal);
        Assert.DoesNotContain(files, file => file.StartsWith('/') && file is not "/dev/null" && !file.StartsWith("/proc/", StringComparison.Ordinal));
        Assert.Matches(@"Max processes +128 +128 ", limits);
        Assert.Matches(@"Max core file size +0 +0 ", limits);
        Assert.Matches(@"Max data size +1073741824 +1073741824 ", limits);
    }

    [Fact]
    public async Task LEAK_7_ISO_5_Hidden_folders_and_files_of_the_host_are_not_there()
    {
        var data = Directory.CreateTempSubdirectory("data with space ").FullName;
        var outside = Path.Combine(AppContext.BaseDirectory, $"hidden-data-{Environment.UserName}");
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(Path.Combine(data, "root.key"), Canary.New("root key"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(outside, "root.key"), Canary.New("root key"), TestContext.Current.CancellationToken);
        var file = Path.Combine(AppContext.BaseDirectory, $"hidden-{Environment.UserName}.key");
        await File.WriteAllTextAsync(file, Canary.New("file"), TestContext.Current.CancellationToken);
        await using var rig = await StdioRig.StartAsync(new StdioOptions { HiddenPaths = { data, outside, file } });
        await using var client = await rig.ConnectAsync();

        Assert.Equal("ENOENT", (await StdioRig.CallAsync(client, "read", new { path = Path.Combine(data, "root.key") })).GetString());
        Assert.Contains((await StdioRig.CallAsync(client, "read", new { path = Path.Combine(outside, "root.key") })).GetString(), new[] { "EACCES", "ENOENT" });
        Assert.False(CanaryScan.Holds((await StdioRig.CallAsync(client, "read", new { path = file })).GetString()!));
        Assert.Equal(["home"], (await StdioRig.CallAsync(client, "list", new { path = "/tmp" })).EnumerateArray().Select(e => e.GetString()!).Except(ShownInTmp()));
        Assert.Empty((await StdioRig.CallAsync(client, "list", new { path = "/dev/shm" })).EnumerateArray());
        Directory.Delete(data, recursive: true);

        // A checkout below /tmp keeps its program folder.
        static IEnumerable<string> ShownInTmp() => StdioRig.Fixture().StartsWith("/tmp/", StringComparison.Ordinal) ? [StdioRig.Fixture().Split('/')[2]] : [];
    }

    [Fact]
    public async Task LEAK_7_ISO_5_Neither_the_portals_memory_nor_its_diagnostics_socket_can_be_reached()
    {
        var path = Path.Combine(Path.GetTempPath(), $"dotnet-diagnostic-{Environment.ProcessId}-stdio-test-socket");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        File.SetUnixFileMode(path, (UnixFileMode)0b111_111_111);
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync();

        Assert.Equal("ENOENT", (await StdioRig.CallAsync(client, "knock", new { path })).GetString());
        Assert.Equal("ENOENT", (await StdioRig.CallAsync(client, "read", new { path = $"/proc/{Environment.ProcessId}/environ" })).GetString());
        File.Delete(path);
    }

    [Fact]
    public async Task LEAK_8_A_secret_is_in_no_argument_list_of_the_machine()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync(StdioRig.Launch(environment: Token));

        var lists = Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)).Select(ReadCommandLine).ToList();

        Assert.Contains(lists, list => list.Contains("fixture.mjs", StringComparison.Ordinal));
        Assert.DoesNotContain(lists, list => CanaryScan.Holds(list));
        var refusal = await Assert.ThrowsAsync<StdioRefusedException>(() => rig.Host.StartAsync(StdioRig.Launch(environment: Token, arguments: $"--token={Token["DEMO_TOKEN"]}"), TestContext.Current.CancellationToken));
        Assert.False(CanaryScan.Holds(refusal.ToString()));

        static string ReadCommandLine(string process)
        {
            try
            {
                return File.ReadAllText(Path.Combine(process, "cmdline"));
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    [Fact]
    public async Task LEAK_3_UP_3_The_error_output_is_kept_short_and_without_secrets()
    {
        var logs = new ListLogger();
        await using var rig = await StdioRig.StartAsync(logs: logs);
        await using var client = await rig.ConnectAsync(StdioRig.Launch(environment: new Dictionary<string, string>(StringComparer.Ordinal) { ["DEMO_TOKEN"] = "canary/4711+ana" }));
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes("canary/4711+ana"));

        Assert.Equal("done", (await StdioRig.CallAsync(client, "flood", new { lines = 50_000, text = $"\u001b[31mtoken canary/4711+ana {base64} canary%2F4711%2Bana" })).GetString());
        await client.DisposeAsync();

        var tail = Assert.IsType<StdioClientCompletionDetails>(await client.Completion).StandardErrorTail!;
        Assert.InRange(tail.Count, 1, 50);
        Assert.EndsWith("token *** *** *** 49999", tail[^1], StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', tail[^1]);
        Assert.InRange(logs.Lines.Count(line => line.Text.Contains("token", StringComparison.Ordinal)), 1, 2000);
        Assert.All(logs.Lines.Where(line => line.Text.Contains("token", StringComparison.Ordinal)), line => Assert.Equal(LogLevel.Debug, line.Level));
        Assert.DoesNotContain(logs.Lines, line => line.Text.Contains("canary", StringComparison.Ordinal) || line.Text.Contains(base64, StringComparison.Ordinal));
    }
}
