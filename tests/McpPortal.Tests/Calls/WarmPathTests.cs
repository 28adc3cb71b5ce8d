using System.Collections.Concurrent;
using System.Diagnostics;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Calls;

public sealed class WarmPathTests(PostgresCluster cluster)
{
    // Hosted work of the portal and the record that follows a call; nothing a call waits for.
    private static readonly string[] Background = ["invalidations", "nodes", "tool_calls", "leases", "connections", "outbox", "pending_connects", "DELETE FROM mcp_sessions", "listen ", "SAVEPOINT"];

    [Fact]
    public async Task A_warm_call_asks_the_database_nothing()
    {
        await using var rig = await CallRig.StartAsync(cluster);
        var ana = await rig.AddUserAsync("ana");
        var header = await rig.AddServerAsync(ana, "in-header", rig.Whoami, CallRig.Header);
        var bearer = await rig.AddServerAsync(ana, "as-bearer", rig.Whoami, CallRig.Bearer);
        await rig.SetAsync(ana, header, "token-1");
        await rig.SetAsync(ana, bearer, "token-2");
        var commands = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                var tags = string.Join(' ', activity.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"));
                // Without a text it is a connection being opened, which the record's writer does when it has something to write.
                if (activity.GetTagItem("db.query.text") is not null && activity.TagObjects.Any(tag => rig.Portal.Database.Name.Equals(tag.Value as string, StringComparison.Ordinal)))
                {
                    commands.Enqueue(tags);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);

        await CallBothAsync();
        // What else it asks for may be known by then: the nodes' own work reads servers and people too.
        Assert.True(Asked(commands).Any(c => c.Contains("FROM secrets", StringComparison.Ordinal)), $"The commands of a cold call were not seen:\n{string.Join('\n', commands)}");

        commands.Clear();
        for (var i = 0; i < 25; i++)
        {
            await CallBothAsync();
        }

        Assert.True(Asked(commands).Count == 0, $"Fifty warm calls asked:\n{string.Join('\n', Asked(commands).Distinct())}");

        async Task CallBothAsync()
        {
            Assert.Equal(CallRig.Hash("token-1"), CallRig.HashIn(await rig.CallAsync(ana, "in-header", "whoami")));
            Assert.Equal(CallRig.Hash("token-2"), CallRig.HashIn(await rig.CallAsync(ana, "as-bearer", "whoami")));
        }
    }

    private static List<string> Asked(IEnumerable<string> commands) =>
        [.. commands.Where(c => !Background.Any(word => c.Contains(word, StringComparison.Ordinal)))];
}
