using System.Diagnostics;
using System.Text.Json.Nodes;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Attacks.Database;
using McpPortal.Tests.Rig;
using McpPortal.Toolsets;

namespace McpPortal.Tests.Gateway;

public sealed class WarmCallTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>For as long as the portal's news count, a call that was made before needs nothing of the database.</summary>
    [Theory]
    [InlineData("/mcp/who", "whoami")]
    [InlineData("/mcp/set/few", "who__whoami")]
    [InlineData("/mcp/set/many", "run_tool")]
    public async Task A_warm_call_reaches_its_server_while_the_database_is_gone(string path, string tool)
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1);
        using var writers = await far.WritersAsync();
        await MakeAsync("few", ToolsetMode.List);
        await MakeAsync("many", ToolsetMode.Search);
        using var http = new HttpClient();
        var client = new RawClient(http, new Uri(far.Portal.Address + path), far.Programs[0].Key);
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
            if (tool == "run_tool")
            {
                var found = (await client.AskAsync("tools/call", Call("search_tools", "query"), Stop))[^1];
                Assert.True((string?)found["result"]?["structuredContent"]?["tools"]?[0]?["name"] == "who__whoami", found.ToJsonString());
            }

            var answer = (await client.AskAsync("tools/call", tool == "run_tool" ? Call(tool, "name") : new JsonObject { ["name"] = tool }, Stop))[^1];
            Assert.True(answer["result"]?["structuredContent"]?["sha256"] is not null, answer.ToJsonString());
        }

        async Task MakeAsync(string name, ToolsetMode mode)
        {
            var user = far.Programs[0].Owner;
            var server = (await far.Near.Get<ServerCatalog>().FindAsync(user, "who", Stop))!.Id;
            var draft = new ToolsetDraft { Name = name, Mode = mode, Servers = [new ToolsetChoice(server, ["whoami", "echo"])] };
            Assert.IsType<ToolsetEditResult.Saved>(await far.Near.Get<ToolsetEditor>().CreateAsync(draft, Actor.Page(user), Stop));
        }

        static JsonObject Call(string tool, string argument) => new() { ["name"] = tool, ["arguments"] = new JsonObject { [argument] = "who__whoami" } };
    }
}
