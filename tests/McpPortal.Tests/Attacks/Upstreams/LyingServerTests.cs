using System.Globalization;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Sessions;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Attacks.Upstreams;

/// <summary>Answers that are too long, too many, for somebody else, or none.</summary>
public sealed class LyingServerTests(PostgresCluster cluster)
{
    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    public async Task UP_4_An_answer_without_end_is_cut(string kind)
    {
        await using var rig = await HostileRig.StartAsync(cluster, ("Sessions:MaxAnswerBytes", "1048576"));
        await rig.AssertWellAgainAsync();
        var sent = 0L;
        rig.Hostile.Misbehave = async (heard, context) =>
        {
            if (heard.Method != "tools/call")
            {
                return false;
            }

            context.Response.ContentType = kind;
            var block = new byte[64 * 1024];
            Array.Fill(block, (byte)'x');
            await context.Response.BodyWriter.WriteAsync("data: "u8.ToArray(), context.RequestAborted);
            while (sent < 4L << 30 && !(await context.Response.BodyWriter.WriteAsync(block, context.RequestAborted)).IsCompleted)
            {
                sent += block.Length;
            }

            return true;
        };

        var outcome = Assert.IsType<CallOutcome.Unreachable>(await rig.CallAsync());

        Assert.Contains("Server hostile", outcome.Sentence, StringComparison.Ordinal);
        // What was under way when the connection was cut, of four gigabytes.
        Assert.InRange(sent, 0, 512L << 20);
        await rig.AssertWellAgainAsync();
    }

    [Fact]
    public async Task UP_4_A_list_of_tools_in_endless_pages_ends()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        var page = 0;
        var words = new string('d', 3 << 20);
        rig.Hostile.Misbehave = async (heard, context) => heard.Method == "tools/list"
            && await SendAsync(context, Result(heard.Id, $$"""{"tools":[{"name":"t{{++page}}","description":"{{words}}","inputSchema":{"type":"object"} }],"nextCursor":"{{page}}"}"""));

        var failed = Assert.IsType<ToolListOutcome.Failed>(await rig.ListAsync());

        Assert.Contains("Server hostile sent more than 16 MB", failed.Outcome.Explanation, StringComparison.Ordinal);
        Assert.InRange(page, 1, 10);
    }

    [Fact]
    public async Task UP_4_A_flood_of_the_servers_own_requests_makes_no_flood_of_answers()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        await rig.AssertWellAgainAsync();
        rig.Hostile.Misbehave = async (heard, context) =>
        {
            switch (heard.Method)
            {
                case "reply":
                    return await HangAsync(context);
                case "tools/call":
                    var send = await StreamAsync(context);
                    for (var i = 0; i < 3000; i++)
                    {
                        await send($$"""{"jsonrpc":"2.0","id":"{{i}}","method":"{{(i % 2 == 0 ? "ping" : "sampling/createMessage")}}","params":{} }""");
                        await send("""{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}""");
                    }

                    await send(Text(heard.Id, "done"));
                    return true;
                default:
                    return false;
            }
        };

        Assert.Equal("done", CallRig.Text(await rig.CallAsync()));
        Assert.InRange(rig.Hostile.MostOpen, 1, 24);
        await rig.AssertWellAgainAsync();
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":999,"result":{"content":[]}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"result":{"content":[]}}""")]
    [InlineData("""{"jsonrpc":"2.0","result":{"content":[]}}""")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"result":{}}]""")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/message"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"ID","result":{"content":[]}}""")]
    [InlineData("""{"id":ID}""")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("<html>")]
    public async Task UP_6_An_answer_that_belongs_to_no_call_is_no_answer(string body)
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        await rig.AssertWellAgainAsync();
        var before = rig.Hostile.Count("tools/call");
        rig.Hostile.Misbehave = async (heard, context) => heard.Method == "tools/call" && await SendAsync(context, body.Replace("ID", heard.Id, StringComparison.Ordinal));

        var outcome = await rig.CallAsync(seconds: 5);

        Assert.Contains("Server hostile", outcome is CallOutcome.Unreachable or CallOutcome.TimedOut ? outcome.Explanation : outcome.ToString(), StringComparison.Ordinal);
        Assert.Equal(before + 1, rig.Hostile.Count("tools/call"));
        await rig.AssertWellAgainAsync();
    }

    [Fact]
    public async Task UP_6_Answers_sent_ahead_or_twice_are_not_taken_for_another_call()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        await rig.AssertWellAgainAsync();
        rig.Hostile.Misbehave = async (heard, context) =>
        {
            if (heard.Method != "tools/call")
            {
                return false;
            }

            var send = await StreamAsync(context);
            for (var ahead = 1; ahead < 20; ahead++)
            {
                var id = int.Parse(heard.Id, CultureInfo.InvariantCulture) + ahead;
                await send(Text(id.ToString(CultureInfo.InvariantCulture), "forged"));
            }

            await send(Text(heard.Id, heard.Tool!));
            await send(Text(heard.Id, "forged"));
            return true;
        };

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal($"tool{i}", CallRig.Text(await rig.CallAsync($"tool{i}")));
        }
    }

    [Theory]
    [InlineData("""{"protocolVersion":"1999-01-01","capabilities":{"tools":{}},"serverInfo":{"name":"x","version":"1"}}""")]
    [InlineData("""{"capabilities":{}}""")]
    [InlineData("[]")]
    public async Task UP_6_A_server_of_another_protocol_is_told_for_what_it_is(string result)
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        rig.Hostile.Misbehave = async (heard, context) => heard.Method == "initialize" && await SendAsync(context, Result(heard.Id, result));

        var outcome = Assert.IsType<CallOutcome.Unreachable>(await rig.CallAsync());

        Assert.Equal("Server hostile answered, but not as an MCP server does.", outcome.Sentence);
        await rig.AssertWellAgainAsync();
    }

    [Fact]
    public void UP_2_A_server_that_fails_again_and_again_is_tried_less_and_less()
    {
        var clock = new Clock();
        var failures = new OpenFailures(clock);
        var key = new SessionKey(UserId.New(), ServerId.New(), 1, "");
        var tries = 0;
        for (var second = 0; second < 120; second++)
        {
            if (failures.Recent(key) is null)
            {
                tries++;
                failures.Note(key, new SessionResult.Unreachable("made up"));
            }

            Assert.Null(failures.Recent(key with { User = UserId.New() }));
            clock.Seconds++;
        }

        Assert.InRange(tries, 6, 9);
    }

    private sealed class Clock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
