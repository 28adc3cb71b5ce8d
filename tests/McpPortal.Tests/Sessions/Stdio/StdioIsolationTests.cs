using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using McpPortal.Sessions.Stdio;

namespace McpPortal.Tests.Sessions.Stdio;

[SupportedOSPlatform("linux")]
public sealed class StdioIsolationTests
{
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
    public async Task DOS_3_A_fork_bomb_hurts_only_its_own_program()
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
    public async Task DOS_3_Memory_and_disk_of_a_program_are_bounded()
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
