using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using McpPortal.Sessions.Stdio;

namespace McpPortal.Tests.Sessions.Stdio;

[SupportedOSPlatform("linux")]
public sealed class StdioIsolationTests
{
    private static readonly Dictionary<string, string> Token = new(StringComparer.Ordinal) { ["DEMO_TOKEN"] = "canary-4711-of-ana" };

    [Fact]
    public async Task A_child_sees_only_declared_variables()
    {
        Environment.SetEnvironmentVariable("PORTAL_CANARY", "canary-of-the-portal");
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync(StdioRig.Launch(environment: Token));

        var seen = await StdioRig.CallAsync(client, "printenv");

        Assert.Equal(["DEMO_TOKEN", "HOME", "LANG", "PATH", "TMPDIR"], seen.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal("canary-4711-of-ana", seen.GetProperty("DEMO_TOKEN").GetString());
    }

    [Fact]
    public async Task ISO_5_A_child_sees_no_process_but_its_own_and_the_keeper()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var ana = await rig.ConnectAsync(StdioRig.Launch(environment: Token));
        await using var ben = await rig.ConnectAsync(StdioRig.Launch());

        var seen = await StdioRig.CallAsync(ben, "readproc");

        var other = Assert.Single(seen.EnumerateArray());
        Assert.Equal(1, other.GetProperty("pid").GetInt32());
        Assert.Equal("EACCES", other.GetProperty("environ").GetString());
        Assert.Equal("EACCES", other.GetProperty("root").GetString());
        Assert.DoesNotContain("canary", seen.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_has_no_privileges_and_no_inherited_files()
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
    public async Task ISO_5_Each_child_has_its_own_user_and_its_own_temporary_folder_that_goes_with_it()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var ana = await rig.ConnectAsync();
        await using var ben = await rig.ConnectAsync();

        Assert.Equal("written", (await StdioRig.CallAsync(ana, "write", new { path = "/tmp/home/letter" })).GetString());
        Assert.Equal("written", (await StdioRig.CallAsync(ana, "write", new { path = "/tmp/open-letter" })).GetString());

        Assert.Equal(["letter"], (await StdioRig.CallAsync(ana, "list", new { path = "/tmp/home" })).EnumerateArray().Select(e => e.GetString()!));
        Assert.Empty((await StdioRig.CallAsync(ben, "list", new { path = "/tmp/home" })).EnumerateArray());
        Assert.Equal("ENOENT", (await StdioRig.CallAsync(ben, "read", new { path = "/tmp/open-letter" })).GetString());
        Assert.False(File.Exists("/tmp/open-letter"));
        var (first, second) = (await StdioRig.CallAsync(ana, "where"), await StdioRig.CallAsync(ben, "where"));
        Assert.Equal("/tmp/home", first.GetProperty("cwd").GetString());
        Assert.Equal("/tmp/home", first.GetProperty("tmp").GetString());
        if (rig.Host.Isolation == Isolation.OwnUser)
        {
            Assert.NotEqual(first.GetProperty("uid").GetInt32(), second.GetProperty("uid").GetInt32());
        }
    }

    [Fact]
    public async Task ISO_5_Hidden_folders_and_files_of_the_host_are_not_there()
    {
        var data = Directory.CreateTempSubdirectory("data with space ").FullName;
        var outside = Path.Combine(AppContext.BaseDirectory, $"hidden-data-{Environment.UserName}");
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(Path.Combine(data, "root.key"), "canary", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(outside, "root.key"), "canary", TestContext.Current.CancellationToken);
        var file = Path.Combine(AppContext.BaseDirectory, $"hidden-{Environment.UserName}.key");
        await File.WriteAllTextAsync(file, "canary", TestContext.Current.CancellationToken);
        await using var rig = await StdioRig.StartAsync(new StdioOptions { HiddenPaths = { data, outside, file } });
        await using var client = await rig.ConnectAsync();

        Assert.Equal("ENOENT", (await StdioRig.CallAsync(client, "read", new { path = Path.Combine(data, "root.key") })).GetString());
        Assert.Contains((await StdioRig.CallAsync(client, "read", new { path = Path.Combine(outside, "root.key") })).GetString(), new[] { "EACCES", "ENOENT" });
        Assert.DoesNotContain("canary", (await StdioRig.CallAsync(client, "read", new { path = file })).GetString(), StringComparison.Ordinal);
        Assert.Equal(["home"], (await StdioRig.CallAsync(client, "list", new { path = "/tmp" })).EnumerateArray().Select(e => e.GetString()!).Except(ShownInTmp()));
        Assert.Empty((await StdioRig.CallAsync(client, "list", new { path = "/dev/shm" })).EnumerateArray());
        Directory.Delete(data, recursive: true);

        // A checkout below /tmp keeps its program folder.
        static IEnumerable<string> ShownInTmp() => StdioRig.Fixture().StartsWith("/tmp/", StringComparison.Ordinal) ? [StdioRig.Fixture().Split('/')[2]] : [];
    }

    [Fact]
    public async Task A_program_below_a_hidden_place_stays_readable_and_its_neighbours_do_not()
    {
        var folder = Directory.CreateTempSubdirectory("stdio-program-").FullName;
        var neighbour = Directory.CreateTempSubdirectory("stdio-neighbour-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(neighbour, (UnixFileMode)0b111_101_101);
        File.Copy(StdioRig.Fixture(), Path.Combine(folder, "server.mjs"));
        await using var rig = await StdioRig.StartAsync();
        var launch = new StdioLaunch { User = McpPortal.Data.UserId.New(), Name = "copy", Command = "node", Arguments = [Path.Combine(folder, "server.mjs")], ReadPaths = [folder] };
        await using var client = await rig.ConnectAsync(launch);

        Assert.Equal(["server.mjs"], (await StdioRig.CallAsync(client, "list", new { path = folder })).EnumerateArray().Select(e => e.GetString()!));
        Assert.Equal("ENOENT", (await StdioRig.CallAsync(client, "list", new { path = neighbour })).GetString());
        Directory.Delete(folder, recursive: true);
        Directory.Delete(neighbour, recursive: true);
    }

    [Fact]
    public async Task ISO_5_Neither_the_portals_memory_nor_its_diagnostics_socket_can_be_reached()
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
    public async Task A_secret_is_in_no_argument_list_of_the_machine()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync(StdioRig.Launch(environment: Token));

        var lists = Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)).Select(ReadCommandLine).ToList();

        Assert.Contains(lists, list => list.Contains("fixture.mjs", StringComparison.Ordinal));
        Assert.DoesNotContain(lists, list => list.Contains("canary-4711", StringComparison.Ordinal));
        var refusal = await Assert.ThrowsAsync<StdioRefusedException>(() => rig.Host.StartAsync(StdioRig.Launch(environment: Token, arguments: "--token=canary-4711-of-ana"), TestContext.Current.CancellationToken));
        Assert.DoesNotContain("canary", refusal.ToString(), StringComparison.Ordinal);

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

    [Theory]
    [InlineData("--eval=process.exit(1)")]
    [InlineData("$(id)")]
    [InlineData("`id`; id")]
    [InlineData("two words\nand a line")]
    [InlineData("%PATH% ^& @file")]
    [InlineData("")]
    public async Task INJ_3_Arguments_arrive_as_they_are(string argument)
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync(StdioRig.Launch(arguments: ["--", argument]));

        var seen = await StdioRig.CallAsync(client, "argv");

        Assert.Empty(seen[0].EnumerateArray());
        Assert.Equal(["--", argument], seen[1].EnumerateArray().Select(a => a.GetString()!));
    }

    [Fact]
    public async Task A_fork_bomb_hurts_only_its_own_program()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var bomber = await rig.ConnectAsync();
        await using var other = await rig.ConnectAsync();

        var outcome = await StdioRig.CallAsync(bomber, "fork", new { count = 300 });

        Assert.InRange(outcome.GetProperty("started").GetInt32(), 1, 128);
        Assert.InRange(outcome.GetProperty("refused").GetInt32(), 172, 300);
        Assert.Equal("started", (await StdioRig.CallAsync(other, "grandchild", new { marker = "600" })).GetString());
        var clock = Stopwatch.StartNew();
        await bomber.DisposeAsync();
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Memory_and_disk_of_a_program_are_bounded()
    {
        await using var rig = await StdioRig.StartAsync(new StdioOptions { MemoryMegabytes = 512, TemporaryMegabytes = 8 });
        await using var hungry = await rig.ConnectAsync();
        await using var full = await rig.ConnectAsync();

        Assert.Contains((await StdioRig.CallAsync(full, "write", new { path = "/tmp/home/a", megabytes = 64 })).GetString(), new[] { "ENOSPC", "EFBIG" });

        // Not there at all where the checkout lies in a temporary folder, which programs do not see.
        Assert.Contains((await StdioRig.CallAsync(full, "write", new { path = Path.Combine(AppContext.BaseDirectory, "hello") })).GetString(), new[] { "EACCES", "EROFS", "ENOENT" });
        await Assert.ThrowsAnyAsync<Exception>(() => StdioRig.CallAsync(hungry, "allocate", new { megabytes = 8192 }));
        Assert.Equal("slept", (await StdioRig.CallAsync(full, "sleep", new { milliseconds = 1 })).GetString());
    }
}
