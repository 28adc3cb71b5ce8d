using System.Text.Json.Nodes;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Servers;
using McpPortal.Tests.Attacks.Upstreams;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Attacks.Protocol;

/// <summary>Clients and servers that say the same, use each other's names, or speak of what is not theirs.</summary>
public sealed class ClientMixTests(PostgresCluster cluster)
{
    private const string Older = "2025-11-25";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MCP_8_Identical_messages_of_two_clients_are_both_answered()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (_, key, hash) = await rig.PersonAsync("ana");
        var (one, other) = (new RawClient(rig.Http, rig.Address("/mcp/who"), key), new RawClient(rig.Http, rig.Address("/mcp/who"), key));

        // Both count their requests from 1, so every message of one is, byte for byte, one of the other.
        for (var round = 0; round < 20; round++)
        {
            var answers = await Task.WhenAll(((RawClient[])[one, other]).Select(client => client.AskAsync("tools/call", new JsonObject { ["name"] = "whoami", ["arguments"] = new JsonObject { ["delayMs"] = 20 } }, Stop)));
            Assert.All(answers, answer => Assert.Equal(hash, (string?)answer[^1]["result"]!["structuredContent"]!["sha256"]));
            Assert.All(answers, answer => Assert.Equal(round + 1, (int)answer[^1]["id"]!));
        }

        await using var session = await rig.ConnectAsync("/mcp/who", key, Older);
        await using var twin = await rig.ConnectAsync("/mcp/who", key, Older);
        foreach (var result in await Task.WhenAll(((McpClient[])[session, twin]).Select(client => client.CallToolAsync("whoami", cancellationToken: Stop).AsTask())))
        {
            Assert.Equal(hash, result.StructuredContent!.Value.GetProperty("sha256").GetString());
        }
    }

    [Fact]
    public async Task MCP_11_12_Whatever_servers_call_their_tools_none_stands_for_another()
    {
        string[] names = ["act", "Act", "a__b", "__", "who__whoami", new string('n', 500)];
        await using var server = await HostileServer.StartAsync();
        server.Misbehave = (heard, context) => heard.Method switch
        {
            "tools/list" => SendAsync(context, Result(heard.Id, new JsonObject { ["tools"] = new JsonArray([.. names.Select(name => (JsonNode)new JsonObject { ["name"] = name, ["inputSchema"] = new JsonObject { ["type"] = "object" } })]) }.ToJsonString())),
            "tools/call" => SendAsync(context, Result(heard.Id, new JsonObject { ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = heard.Tool }) }.ToJsonString())),
            _ => Task.FromResult(false),
        };
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Authority));
        var (ana, key, hash) = await rig.PersonAsync("ana");
        await rig.Calls.AddServerAsync(ana, "odd", server.Url);
        await using var client = await rig.ConnectAsync("/mcp", key, Older);

        var listed = (await client.ListToolsAsync(cancellationToken: Stop)).Select(tool => tool.Name).ToList();
        Assert.Equal(listed.Count, listed.Distinct(StringComparer.Ordinal).Count());
        foreach (var name in names)
        {
            Assert.Contains($"odd__{name}", listed);
            var result = await client.CallToolAsync($"odd__{name}", cancellationToken: Stop);
            Assert.Equal(name, Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text);
        }

        Assert.Equal(hash, (await client.CallToolAsync("who__whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());

        // Two servers and tools can meet in one name only if a short name could hold the separator.
        var draft = new ServerDraft { Slug = "odd__x", Name = "Odd", Url = server.Url };
        Assert.IsNotType<ServerEditResult.Saved>(await rig.Calls.Get<ServerEditor>().AddAsync(draft, null, everyone: true, Actor.CommandLine, Stop));
    }

    [Fact]
    public async Task MCP_17_Nobody_cancels_or_hears_of_a_call_that_is_not_theirs()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (_, anas, hash) = await rig.PersonAsync("ana");
        var (_, bens, _) = await rig.PersonAsync("ben");
        await using var ana = await rig.ConnectAsync("/mcp/who", anas, Older);
        await using var ben = await rig.ConnectAsync("/mcp/who", bens, Older);
        var overheard = 0;
        await using var hears = ben.RegisterNotificationHandler(NotificationMethods.ProgressNotification, (_, _) =>
        {
            Interlocked.Increment(ref overheard);
            return ValueTask.CompletedTask;
        });

        var running = ana.CallToolAsync("whoami", new Dictionary<string, object?>(StringComparer.Ordinal) { ["delayMs"] = 1500 }, cancellationToken: Stop);
        for (var id = 0; id < 20; id++)
        {
            await ben.SendMessageAsync(new JsonRpcNotification { Method = NotificationMethods.CancelledNotification, Params = new JsonObject { ["requestId"] = id, ["reason"] = "not mine" } }, Stop);
        }

        Assert.Equal(hash, (await running).StructuredContent!.Value.GetProperty("sha256").GetString());
        Assert.Equal(0, overheard);
    }

    [Fact]
    public async Task MCP_18_A_server_that_is_taken_away_ends_its_calls_with_a_sentence()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        rig.Hostile.Misbehave = (heard, context) => heard.Method == "tools/call" ? HangAsync(context) : Task.FromResult(false);
        await using var client = await ConnectAsync(rig);
        var running = client.CallToolAsync("hostile__act", cancellationToken: Stop).AsTask();
        await CallRig.UntilAsync(() => Task.FromResult(rig.Hostile.Count("tools/call") == 1), "The call did not arrive.");

        var server = (await rig.Portal.Get<ServerCatalog>().FindAsync(rig.Ana, "hostile", Stop))!;
        Assert.IsType<ServerEditResult.Saved>(await rig.Portal.Get<ServerEditor>().SetAccessAsync(server.Id, [], Actor.CommandLine, Stop));

        var result = await running.WaitAsync(TimeSpan.FromSeconds(20), Stop);
        Assert.True(result.IsError);
        Assert.Contains("withdrawn", Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text, StringComparison.Ordinal);
        await Assert.ThrowsAsync<McpProtocolException>(async () => await client.CallToolAsync("hostile__act", cancellationToken: Stop));
    }

    private static async Task<McpClient> ConnectAsync(HostileRig rig)
    {
        var key = (await rig.Portal.Get<AccessKeys>().CreateAsync(rig.Ana, "client", readOnly: false, servers: null, expiresAt: null, Actor.Page(rig.Ana), Stop))!;
        return await GatewayRig.ConnectAsync(new Uri(rig.Portal.Portal.Address + "/mcp"), rig.Portal.Portal.Database.Canaries.Watch("an access key", key), new McpClientOptions { ProtocolVersion = Older });
    }
}
