using System.Diagnostics;
using System.Text;
using McpPortal.Sessions.Stdio;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Sessions.Stdio;

public sealed class StdioFramingTests
{
    [Fact]
    public async Task UP_4_A_line_without_end_is_cut_and_memory_stays_bounded()
    {
        await using var rig = await StdioRig.StartAsync(new StdioOptions { MaxLineBytes = 4 << 20 });
        await using var client = await rig.ConnectAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = 0L;
        using var watch = new Timer(_ => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false)), null, 0, 5);

        await Assert.ThrowsAnyAsync<Exception>(() => StdioRig.CallAsync(client, "spew", new { megabytes = 100 }));

        var details = await client.Completion.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Contains("4096 KB", Assert.IsType<InvalidDataException>(details.Exception).Message, StringComparison.Ordinal);
        Assert.InRange(most - before, long.MinValue, 48L << 20);
        Assert.Equal(0, rig.Host.Slots.Count);
    }

    [Fact]
    public async Task A_large_answer_below_the_limit_arrives_whole()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync();

        Assert.Equal(10 << 20, (await StdioRig.CallAsync(client, "large", new { megabytes = 10 })).GetString()!.Length);
    }

    [Fact]
    public async Task UP_3_A_little_garbage_is_skipped()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync();

        Assert.Equal("done", (await StdioRig.CallAsync(client, "garbage", new { lines = 10 })).GetString());
        Assert.Equal("slept", (await StdioRig.CallAsync(client, "sleep", new { milliseconds = 1 })).GetString());
    }

    [Fact]
    public async Task UP_3_Much_garbage_ends_the_session()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => StdioRig.CallAsync(client, "garbage", new { lines = 200 }));

        var details = await client.Completion.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.IsType<InvalidDataException>(details.Exception);
    }

    [Fact]
    public async Task UP_4_A_flood_of_the_programs_own_requests_makes_no_flood_of_answers()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync();

        // More than a pipe holds: the rest would wait in the portal's memory.
        Assert.InRange((await StdioRig.CallAsync(client, "demand", new { count = 20_000 })).GetInt32(), 1, 10_000);
        Assert.Equal("slept", (await StdioRig.CallAsync(client, "sleep", new { milliseconds = 1 })).GetString());
    }

    [Fact]
    public async Task UP_1_A_program_that_does_not_read_is_ended()
    {
        await using var rig = await StdioRig.StartAsync(new StdioOptions { SendTimeout = TimeSpan.FromMilliseconds(500) });
        await using var client = await rig.ConnectAsync();
        Assert.Equal("deaf", (await StdioRig.CallAsync(client, "deaf")).GetString());

        await Assert.ThrowsAnyAsync<Exception>(() => StdioRig.CallAsync(client, "sleep", new { milliseconds = 1, filler = new string('x', 4 << 20) }));

        await client.Completion.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(0, rig.Host.Slots.Count);
    }

    [Fact]
    public async Task ISO_1_Concurrent_calls_of_many_users_get_their_own_answers()
    {
        await using var rig = await StdioRig.StartAsync();
        var clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => rig.ConnectAsync(StdioRig.Launch(environment: new Dictionary<string, string>(StringComparer.Ordinal) { ["DEMO_TOKEN"] = $"token-of-user-{i}" }))));

        await Task.WhenAll(clients.SelectMany((client, i) => Enumerable.Range(0, 5).Select(async _ =>
            Assert.Equal($"token-of-user-{i}", (await StdioRig.CallAsync(client, "printenv")).GetProperty("DEMO_TOKEN").GetString()))));

        await Task.WhenAll(clients.Select(async client => await client.DisposeAsync()));
        Assert.Equal(0, rig.Host.Slots.Count);
    }

    [Fact]
    public async Task Lines_are_cut_wherever_the_reads_fall()
    {
        var text = string.Concat(Enumerable.Range(0, 300).Select(i => new string('z', i * 7 % 501) + "\n")) + "last";
        await using var reader = new LineReader(new Drip(Encoding.UTF8.GetBytes(text)), 600);
        var lines = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { } line)
        {
            lines.Add(Encoding.UTF8.GetString(line));
        }

        Assert.Equal(text.Split('\n'), lines);
    }

    private sealed class Drip(byte[] bytes) : MemoryStream(bytes)
    {
        private int _reads;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 1 + (_reads++ % 13))], cancellationToken);
    }
}
