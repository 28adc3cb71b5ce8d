using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Attacks.Protocol;

/// <summary>Servers whose lists have no end, or change all the time.</summary>
public sealed class UpstreamListsTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MCP_15_A_list_that_leads_in_a_circle_or_on_and_on_ends()
    {
        var kind = "circle";
        var pages = 0;
        await using var server = await HostileServer.StartAsync((heard, context) =>
        {
            if (heard.Method != "tools/list")
            {
                return Task.FromResult(false);
            }

            var page = Interlocked.Increment(ref pages).ToString(CultureInfo.InvariantCulture);
            var next = kind switch
            {
                "circle" => "\"again\"",
                "on and on" => $"\"{page}\"",
                _ => "7",
            };
            return SendAsync(context, Result(heard.Id, $$"""{"tools":[{"name":"t{{page}}","inputSchema":{"type":"object"} }],"nextCursor":{{next}} }"""));
        });
        await using var rig = await StartAsync(server);
        foreach (var (what, most) in ((string, int)[])[("circle", 3), ("on and on", 100), ("no cursor", 2)])
        {
            (kind, pages) = (what, 0);
            await rig.Gateway.Calls.AddServerAsync(rig.Ana, what.Replace(' ', '-'), server.Url);

            var answer = (await Client(rig, "/mcp").AskAsync("tools/list", [], Stop))[^1]["result"]!;

            Assert.InRange(pages, 1, most);
            Assert.Contains("who__whoami", answer["tools"]!.AsArray().Select(tool => (string)tool!["name"]!));
        }
    }

    [Fact]
    public async Task MCP_15_A_hundred_thousand_tools_are_listed_or_left_out_with_a_reason()
    {
        var count = 100_000;
        var list = new StringBuilder("{\"tools\":[");
        for (var i = 0; i < count; i++)
        {
            list.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{{\"name\":\"t{i}\",\"inputSchema\":{{\"type\":\"object\"}}}}");
        }

        list.Append("]}");
        await using var server = await HostileServer.StartAsync((heard, context) => heard.Method == "tools/list" ? SendAsync(context, Result(heard.Id, list.ToString())) : Task.FromResult(false));
        await using var rig = await StartAsync(server);
        await rig.Gateway.Calls.AddServerAsync(rig.Ana, "many", server.Url);

        var answer = (await Client(rig, "/mcp").AskAsync("tools/list", [], Stop))[^1]["result"]!;

        var names = answer["tools"]!.AsArray().Select(tool => (string)tool!["name"]!).ToList();
        Assert.Contains("who__whoami", names);
        if (names.Count(name => name.StartsWith("many__", StringComparison.Ordinal)) is var many && many != count)
        {
            Assert.Equal(0, many);
            Assert.StartsWith("Server many", (string?)Assert.Single(answer["_meta"]!["io.mcpportal/warnings"]!.AsArray()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task MCP_15_Lists_that_change_all_the_time_are_asked_for_when_somebody_wants_them()
    {
        await using var server = await HostileServer.StartAsync(async (heard, context) =>
        {
            if (heard.Method != "tools/call")
            {
                return false;
            }

            var send = await StreamAsync(context);
            for (var i = 0; i < 3000; i++)
            {
                await send("""{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}""");
            }

            await send(Text(heard.Id, "done"));
            return true;
        });
        await using var rig = await StartAsync(server);
        await rig.Gateway.Calls.AddServerAsync(rig.Ana, "restless", server.Url);
        var client = Client(rig, "/mcp");
        await client.AskAsync("tools/list", [], Stop);
        var asked = server.Count("tools/list");

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("done", (string?)(await client.AskAsync("tools/call", new JsonObject { ["name"] = "restless__act" }, Stop))[^1]["result"]!["content"]![0]!["text"]);
        }

        Assert.Equal(asked, server.Count("tools/list"));
        await client.AskAsync("tools/list", [], Stop);
        Assert.Equal(asked + 1, server.Count("tools/list"));
    }

    private static RawClient Client(ProtocolRig rig, string path) => new(rig.Gateway.Http, rig.Gateway.Address(path), rig.Key);

    private Task<ProtocolRig> StartAsync(HostileServer server) => ProtocolRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Authority));
}
