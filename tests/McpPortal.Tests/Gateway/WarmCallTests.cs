using System.Diagnostics;
using System.Text.Json.Nodes;
using McpPortal.Tests.Attacks.Database;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Gateway;

public sealed class WarmCallTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>For as long as the portal's news count, a call that was made before needs nothing of the database.</summary>
    [Fact]
    public async Task A_warm_call_reaches_its_server_while_the_database_is_gone()
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1);
        using var writers = await far.WritersAsync();
        using var http = new HttpClient();
        var client = new RawClient(http, new Uri(far.Portal.Address + "/mcp/who"), far.Programs[0].Key);
        for (var warm = 0; warm < 3; warm++)
        {
            await AssertAnsweredAsync();
        }

        far.Hop.Refuse();
        var clock = Stopwatch.StartNew();
        do
        {
            await AssertAnsweredAsync();
        }
        while (clock.Elapsed < TimeSpan.FromSeconds(1));

        async Task AssertAnsweredAsync()
        {
            var answer = (await client.AskAsync("tools/call", new JsonObject { ["name"] = "whoami" }, Stop))[^1];
            Assert.True(answer["result"]?["structuredContent"]?["sha256"] is not null, answer.ToJsonString());
        }
    }
}
