using System.Globalization;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Gateway;

/// <summary><c>/mcp/{server}</c> hands on what both sides say, also what the portal has never heard of.</summary>
public sealed class PassThroughTests(PostgresCluster cluster)
{
    private const string Older = "2025-11-25";
    private const string Newer = "2026-07-28";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_portal_does_not_know_reaches_the_other_side_as_it_was_said()
    {
        await using var server = await HostileServer.StartAsync();
        server.Misbehave = (heard, context) => heard.Method switch
        {
            "tools/list" => SendAsync(context, Result(heard.Id, """{"tools":[{"name":"act","inputSchema":{"type":"object","x-odd":{"deep":[1,2.50]}},"x-new":{"a":null}}]}""")),
            "tools/call" => SendAsync(context, Result(heard.Id, """{"content":[{"type":"hologram","x":1e3}],"x-later":true,"_meta":{"vendor/trace":"t-1"}}""")),
            _ => Task.FromResult(false),
        };
        await using var rig = await StartAsync(server);
        var client = await rig.ClientAsync();

        var tool = (await client.AskAsync("tools/list", [], Stop))[^1]["result"]!["tools"]![0]!;
        Assert.Equal("""{"type":"object","x-odd":{"deep":[1,2.50]}}""", tool["inputSchema"]!.ToJsonString());
        Assert.Equal("""{"a":null}""", tool["x-new"]!.ToJsonString());

        var result = (await client.AskAsync("tools/call", new JsonObject
        {
            ["name"] = "act",
            ["arguments"] = new JsonObject { ["n"] = 1 },
            ["x-wish"] = "kept",
            ["_meta"] = new JsonObject { ["vendor/span"] = "s-1" },
        }, Stop))[^1]["result"]!;
        Assert.Equal("""[{"type":"hologram","x":1e3}]""", result["content"]!.ToJsonString());
        Assert.True((bool)result["x-later"]!);
        Assert.Equal("t-1", (string?)result["_meta"]!["vendor/trace"]);
        Assert.Equal("complete", (string?)result["resultType"]);

        var arrived = JsonNode.Parse(server.Requests.Last(heard => heard.Method == "tools/call").Body)!["params"]!;
        Assert.Equal("kept", (string?)arrived["x-wish"]);
        Assert.Equal("s-1", (string?)arrived["_meta"]!["vendor/span"]);
        Assert.DoesNotContain("io.modelcontextprotocol", arrived["_meta"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_keeps_its_code_its_words_and_its_data()
    {
        await using var server = await HostileServer.StartAsync();
        server.Misbehave = (heard, context) => heard.Method == "prompts/get"
            ? SendAsync(context, $$$"""{"jsonrpc":"2.0","id":{{{heard.Id}}},"error":{"code":-31999,"message":"quota","data":{"left":0,"of":[5]} } }""")
            : Task.FromResult(false);
        await using var rig = await StartAsync(server);

        var error = (await (await rig.ClientAsync()).AskAsync("prompts/get", new JsonObject { ["name"] = "p" }, Stop))[^1]["error"]!;

        Assert.Equal("""{"code":-31999,"message":"quota","data":{"left":0,"of":[5]}}""", error.ToJsonString());
    }

    [Fact]
    public async Task Progress_and_log_come_in_their_order_before_the_answer()
    {
        await using var server = await HostileServer.StartAsync();
        server.Misbehave = async (heard, context) =>
        {
            if (heard.Method != "tools/call")
            {
                return false;
            }

            var token = (string)JsonNode.Parse(heard.Body)!["params"]!["_meta"]!["progressToken"]!;
            var send = await StreamAsync(context);
            for (var i = 1; i <= 50; i++)
            {
                await send($$$"""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"{{{token}}}","progress":{{{i}}},"total":50}}""");
                await send($$$"""{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"{{{(i % 2 == 0 ? "warning" : "debug")}}}","data":{{{i}}}}}""");
            }

            await send(Text(heard.Id, "done"));
            return true;
        };
        await using var rig = await StartAsync(server);

        var said = await (await rig.ClientAsync()).AskAsync("tools/call", new JsonObject
        {
            ["name"] = "act",
            ["_meta"] = new JsonObject { ["progressToken"] = 77, [MetaKeys.LogLevel] = "warning" },
        }, Stop);

        Assert.Equal("done", (string?)said[^1]["result"]!["content"]![0]!["text"]);
        var progress = said.Where(message => (string?)message["method"] == "notifications/progress").ToList();
        Assert.All(progress, message => Assert.Equal(77, (int)message["params"]!["progressToken"]!));
        Assert.Equal(Enumerable.Range(1, 50), progress.Select(message => (int)message["params"]!["progress"]!));
        Assert.Equal(Enumerable.Range(1, 25).Select(i => 2 * i), said.Where(message => (string?)message["method"] == "notifications/message").Select(message => (int)message["params"]!["data"]!));
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task Prompts_resources_and_completion_of_a_real_server_come_through(string version)
    {
        var port = Ports.Free();
        await using var everything = ChildProcess.Start(
            Repository.Node,
            [Path.Combine(Repository.Root, "tests", "peers", "everything-http.mjs")],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["PORT"] = port.ToString(CultureInfo.InvariantCulture) },
            Repository.Root);
        await everything.WaitForLineAsync("listening on port", TimeSpan.FromSeconds(60), Stop);
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", $"127.0.0.1:{port}"));
        var ana = await rig.Calls.AddUserAsync("ana");
        await rig.Calls.AddServerAsync(ana, "everything", $"http://127.0.0.1:{port}/mcp");
        await using var client = await rig.ConnectAsync("/mcp/everything", await rig.KeyAsync(ana), version);
        Assert.NotNull(client.ServerCapabilities.Prompts);
        Assert.NotNull(client.ServerCapabilities.Completions);

        var resources = await client.ListResourcesAsync(cancellationToken: Stop);
        Assert.NotEmpty(resources);
        Assert.NotEmpty((await client.ReadResourceAsync(resources[0].Uri, cancellationToken: Stop)).Contents);
        Assert.NotEmpty(await client.ListResourceTemplatesAsync(cancellationToken: Stop));
        var prompts = await client.ListPromptsAsync(cancellationToken: Stop);
        Assert.Contains("simple-prompt", prompts.Select(prompt => prompt.Name));
        Assert.NotEmpty((await client.GetPromptAsync("simple-prompt", cancellationToken: Stop)).Messages);
        var completion = await client.CompleteAsync(new PromptReference { Name = "completable-prompt" }, "department", "E", cancellationToken: Stop);
        Assert.Contains("Engineering", completion.Completion.Values);

        // Reading is using a credential and so shown to its owner; looking what there is, is not.
        await CallRig.UntilAsync(
            async () => await rig.Calls.SqlAsync($"select string_agg(tool, ',' order by started_at) from tool_calls where user_id = '{ana}' and via = {(int)CallVia.Gateway}") is "resources/read,prompts/get",
            "Not what was recorded.");
    }

    [Fact]
    public async Task A_question_that_a_program_cannot_answer_is_told_to_it()
    {
        await using var server = await HostileServer.StartAsync();
        server.Misbehave = (heard, context) => heard.Method == "tools/call"
            ? SendAsync(context, Result(heard.Id, """{"resultType":"input_required","inputRequests":{"q":{"method":"elicitation/create","params":{"message":"Which?"}}},"requestState":"s"}"""))
            : Task.FromResult(false);
        await using var rig = await StartAsync(server);

        var outcome = await rig.Gateway.Calls.CallAsync(rig.Ana, "odd", "act");

        Assert.Equal("act asks back before it goes on, which only an MCP client can answer.", Assert.IsType<CallOutcome.ToolFailed>(outcome).Sentence);
        Assert.Equal("input_required", (string?)(await (await rig.ClientAsync()).AskAsync("tools/call", new JsonObject
        {
            ["name"] = "act",
            ["_meta"] = new JsonObject { [MetaKeys.ClientCapabilities] = new JsonObject { ["elicitation"] = new JsonObject() } },
        }, Stop))[^1]["result"]!["resultType"]);
    }

    [Fact]
    public async Task A_question_of_an_older_server_reaches_the_client_whose_call_it_belongs_to()
    {
        var replied = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await HostileServer.StartAsync();
        server.Misbehave = async (heard, context) =>
        {
            switch (heard.Method)
            {
                case "tools/call":
                    var send = await StreamAsync(context);
                    await send("""{"jsonrpc":"2.0","id":"q-1","method":"elicitation/create","params":{"message":"Which?","requestedSchema":{"type":"object","properties":{"colour":{"type":"string"}}}}}""");
                    await send(Text(heard.Id, await replied.Task.WaitAsync(context.RequestAborted)));
                    return true;
                case "reply":
                    var reply = JsonNode.Parse(heard.Body)!;
                    replied.TrySetResult((string?)reply["result"]?["content"]?["colour"] ?? $"refused with {reply["error"]?["code"]}");
                    return false;
                default:
                    return false;
            }
        };
        await using var rig = await StartAsync(server);

        // A program cannot be asked: the server is told so, and the call goes on.
        Assert.Equal("refused with -32601", CallRig.Text(await rig.Gateway.Calls.CallAsync(rig.Ana, "odd", "act")));

        replied = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var handlers = new McpClientHandlers
        {
            ElicitationHandler = (asked, _) => ValueTask.FromResult(new ElicitResult
            {
                Action = "accept",
                Content = new Dictionary<string, System.Text.Json.JsonElement>(StringComparer.Ordinal) { ["colour"] = System.Text.Json.JsonSerializer.SerializeToElement($"blue for {asked!.Message}") },
            }),
        };
        await using var client = await rig.Gateway.ConnectAsync("/mcp/odd", await rig.Gateway.KeyAsync(rig.Ana), Older, handlers);
        Assert.Equal("blue for Which?", Assert.IsType<TextContentBlock>(Assert.Single((await client.CallToolAsync("act", cancellationToken: Stop)).Content)).Text);
    }

    private async Task<OddRig> StartAsync(HostileServer server)
    {
        var gateway = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Authority));
        var ana = await gateway.Calls.AddUserAsync("ana");
        await gateway.Calls.AddServerAsync(ana, "odd", server.Url);
        return new OddRig(gateway, ana);
    }

    private sealed record OddRig(GatewayRig Gateway, UserId Ana) : IAsyncDisposable
    {
        public async Task<RawClient> ClientAsync() => new(Gateway.Http, Gateway.Address("/mcp/odd"), await Gateway.KeyAsync(Ana));

        public ValueTask DisposeAsync() => Gateway.DisposeAsync();
    }
}
