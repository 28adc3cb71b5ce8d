using McpPortal.Calls;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Attacks.Upstreams;

/// <summary>A call that may have run is never sent again.</summary>
public sealed class UnknownOutcomeTests(PostgresCluster cluster)
{
    [Theory]
    [InlineData("cut")]
    [InlineData("cut in the middle")]
    [InlineData("stream without an answer")]
    [InlineData("stream that is cut")]
    public async Task UP_10_A_connection_lost_after_the_call_was_sent_leaves_its_outcome_unknown(string how)
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        await rig.AssertWellAgainAsync();
        var before = rig.Hostile.Count("tools/call");
        rig.Hostile.Misbehave = async (heard, context) =>
        {
            if (heard.Method != "tools/call")
            {
                return false;
            }

            switch (how)
            {
                case "cut in the middle":
                    context.Response.ContentLength = 1000;
                    await SendAsync(context, """{"jsonrpc":"2.0",""");
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                    break;
                case "stream without an answer":
                    await StreamAsync(context);
                    return true;
                case "stream that is cut":
                    await (await StreamAsync(context))("""{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"begun"}}""");
                    break;
            }

            context.Abort();
            return true;
        };

        var outcome = Assert.IsType<CallOutcome.Unreachable>(await rig.CallAsync());

        Assert.Equal("The connection to Server hostile was lost during the call. Whether the tool ran is unknown, so the call was not repeated.", outcome.Sentence);
        Assert.Equal(before + 1, rig.Hostile.Count("tools/call"));
        await rig.AssertWellAgainAsync();
    }

    [Fact]
    public async Task UP_10_A_call_under_way_is_not_repeated_because_another_one_was_told_that_the_session_is_over()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        await rig.AssertWellAgainAsync();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var forgotten = 0;
        rig.Hostile.Misbehave = async (heard, context) =>
        {
            switch (heard.Tool)
            {
                case "slow":
                    entered.TrySetResult();
                    return await HangAsync(context);
                case "quick" when Interlocked.Increment(ref forgotten) == 1:
                    return await SendAsync(context, "gone", "text/plain", 404);
                default:
                    return false;
            }
        };
        var slow = rig.CallAsync("slow", seconds: 30);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        // Nothing of this one was done, so it is sent again over a new session.
        Assert.Equal("done", CallRig.Text(await rig.CallAsync("quick")));
        var outcome = await slow;

        Assert.Contains("Whether the tool ran is unknown", Assert.IsType<CallOutcome.Unreachable>(outcome).Sentence, StringComparison.Ordinal);
        Assert.Equal(1, rig.Hostile.Requests.Count(request => request.Tool == "slow"));
        Assert.Equal(2, rig.Hostile.Requests.Count(request => request.Tool == "quick"));
    }
}
