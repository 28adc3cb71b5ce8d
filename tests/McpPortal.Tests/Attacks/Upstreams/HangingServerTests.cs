using System.Net;
using System.Net.Sockets;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Attacks.Upstreams;

/// <summary>Every phase has its limit, and the caller is told which server it was.</summary>
public sealed class HangingServerTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UP_1_A_server_that_hangs_while_the_portal_connects_is_named()
    {
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        var authority = deaf.LocalEndPoint!.ToString()!;

        // Nobody accepts: once the queue is full, the kernel lets further connects hang.
        using var first = new TcpClient();
        using var second = new TcpClient();
        await first.ConnectAsync((IPEndPoint)deaf.LocalEndPoint, Stop);
        _ = second.ConnectAsync((IPEndPoint)deaf.LocalEndPoint, Stop).AsTask();
        await using var rig = await HostileRig.StartAsync(cluster, CallRig.Header, [authority], ("Sessions:OpenTimeout", "00:00:07"));
        await rig.AddAsync("deaf", $"http://{authority}/mcp");
        foreach (var phase in (string[])["discover", "initialize", "stream"])
        {
            await rig.AddAsync(phase, $"{rig.Hostile.Url}/{phase}");
        }

        rig.Hostile.Misbehave = async (heard, context) => context.Request.Path.Value!.Split('/')[^1] switch
        {
            "discover" => await HangAsync(context),
            "initialize" when heard.Method == "initialize" => await HangAsync(context),
            "stream" when heard.Method == "initialize" => await StreamAsync(context) is not null && await HangAsync(context),
            _ => false,
        };

        var outcomes = await Task.WhenAll(((string[])["deaf", "discover", "initialize", "stream"]).Select(async slug => (slug, await rig.Portal.CallAsync(rig.Ana, slug, "act"))));

        Assert.All(outcomes, o => Assert.Equal($"Server {o.slug} did not answer within 7 seconds when the portal connected.", Assert.IsType<CallOutcome.TimedOut>(o.Item2).Sentence));
        Assert.Empty(rig.Portal.Sessions);
    }

    [Theory]
    [InlineData("before an answer")]
    [InlineData("in the middle of a stream")]
    public async Task UP_1_A_call_that_hangs_is_named_and_the_next_one_works(string where)
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        await rig.AssertWellAgainAsync();
        rig.Hostile.Misbehave = async (heard, context) =>
        {
            if (heard.Method != "tools/call")
            {
                return false;
            }

            if (where == "in the middle of a stream")
            {
                await (await StreamAsync(context))("""{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"soon"}}""");
            }

            return await HangAsync(context);
        };

        Assert.Equal("Server hostile did not answer within 2 seconds.", Assert.IsType<CallOutcome.TimedOut>(await rig.CallAsync(seconds: 2)).Sentence);
        await rig.AssertWellAgainAsync();
    }

    [Fact]
    public async Task UP_1_A_list_of_tools_that_hangs_is_asked_for_again()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        await rig.AddAsync("impatient", rig.Hostile.Url, timeoutSeconds: 8);
        await CallRig.UntilAsync(async () => await rig.Portal.CallAsync(rig.Ana, "impatient", "act") is CallOutcome.Succeeded, "The server cannot be called.", 60);
        rig.Hostile.Misbehave = async (heard, context) => heard.Method == "tools/list" && await HangAsync(context);

        var hung = Assert.IsType<ToolListOutcome.Failed>(await rig.ListAsync("impatient"));
        Assert.Equal("Server impatient did not answer within 8 seconds.", Assert.IsType<CallOutcome.TimedOut>(hung.Outcome).Sentence);

        rig.Hostile.Misbehave = null;
        await CallRig.UntilAsync(async () => await rig.ListAsync("impatient") is ToolListOutcome.Listed, "The list that hung is what everybody waits for.", 60);
    }

    [Fact]
    public async Task UP_5_One_byte_at_a_time_ends_at_the_limit_of_the_call()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        await rig.AssertWellAgainAsync();
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rig.Hostile.Misbehave = async (heard, context) =>
        {
            if (heard.Method != "tools/call")
            {
                return false;
            }

            await using var left = context.RequestAborted.Register(gone.SetResult);
            await StreamAsync(context);
            while (true)
            {
                await context.Response.Body.WriteAsync("x"u8.ToArray(), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(100, context.RequestAborted);
            }
        };

        Assert.IsType<CallOutcome.TimedOut>(await rig.CallAsync(seconds: 2));

        // Nothing goes on reading behind it.
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(30), Stop);
    }

    [Fact]
    public async Task UP_7_One_hanging_server_keeps_no_other_from_listing_its_tools()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        for (var i = 0; i < 5; i++)
        {
            await rig.AddAsync($"well-{i}", $"{rig.Hostile.Url}/well");
        }

        await rig.AddAsync("dead", $"{rig.Hostile.Url}/dead", timeoutSeconds: 600);
        rig.Hostile.Misbehave = async (_, context) => context.Request.Path.Value!.EndsWith("dead", StringComparison.Ordinal) && await HangAsync(context);
        var dead = rig.ListAsync("dead");

        var lists = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => rig.ListAsync($"well-{i}")));

        Assert.All(lists, list => Assert.Single(Assert.IsType<ToolListOutcome.Listed>(list).Tools));
        Assert.Contains("Server dead", Assert.IsType<ToolListOutcome.Failed>(await dead).Outcome.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UP_8_A_server_that_never_answers_the_farewell_holds_no_session()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        await rig.AssertWellAgainAsync();
        var session = Assert.Single(rig.Portal.Sessions);
        rig.Hostile.Misbehave = async (heard, context) => heard.Method == "DELETE" && await HangAsync(context);

        await rig.Portal.Get<ServerEditor>().SetEnabledAsync(session.Server.Id, enabled: false, Actor.CommandLine, Stop);

        await session.Closed.WaitAsync(TimeSpan.FromSeconds(40), Stop);
        Assert.Equal(1, rig.Hostile.Count("DELETE"));
    }
}
