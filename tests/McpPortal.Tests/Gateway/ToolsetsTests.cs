using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Toolsets;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Gateway;

/// <summary><c>/mcp/set/{toolset}</c>: what its owner put together and nothing else, in both eras of the protocol.</summary>
public sealed class ToolsetsTests(PostgresCluster cluster)
{
    private const string Older = "2025-11-25";
    private const string Newer = "2026-07-28";
    private const string Warnings = "io.mcpportal/warnings";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task A_set_holds_its_chosen_tools_and_nothing_else(string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, hash) = await rig.PersonAsync("ana");
        await rig.Calls.SetAsync(ana, await rig.Calls.AddServerAsync(ana, "other", rig.Calls.Whoami, CallRig.Header), "another-secret");
        await MakeAsync(rig, ana, "work", ToolsetMode.List, ("who", ["whoami", "echo"]));
        await using var client = await rig.ConnectAsync("/mcp/set/work", key, version);

        Assert.Equal(["who__echo", "who__whoami"], (await client.ListToolsAsync(cancellationToken: Stop)).Select(tool => tool.Name).Order(StringComparer.Ordinal));
        Assert.Equal(hash, (await client.CallToolAsync("who__whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
        foreach (var tool in (string[])["who__count", "other__whoami", "none__whoami", "whoami", "search_tools", "run_tool"])
        {
            Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(async () => await client.CallToolAsync(tool, cancellationToken: Stop))).ErrorCode);
        }

        // All tools of a server, those that it adds later too.
        await MakeAsync(rig, ana, "all", ToolsetMode.List, ("other", null));
        await using var all = await rig.ConnectAsync("/mcp/set/all", key, version);
        var tools = await all.ListToolsAsync(cancellationToken: Stop);
        Assert.True(tools.Count > 3, "Too few tools.");
        Assert.All(tools, tool => Assert.StartsWith("other__", tool.Name, StringComparison.Ordinal));
        await RecordedAsync(rig, ana, "who.whoami");
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task A_searched_set_shows_two_tools_and_runs_the_real_one(string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, hash) = await rig.PersonAsync("ana");
        await MakeAsync(rig, ana, "many", ToolsetMode.Search, ("who", ["whoami", "echo", "hash_argument"]));
        await using var client = await rig.ConnectAsync("/mcp/set/many", key, version);
        Assert.Equal(["search_tools", "run_tool"], (await client.ListToolsAsync(cancellationToken: Stop)).Select(tool => tool.Name));

        var found = await SearchAsync(client, "credential that arrived", limit: 2);
        Assert.Equal(["who__whoami", "who__hash_argument"], found.Select(tool => (string)tool!["name"]!));
        Assert.Equal("Who am I", (string?)found[0]!["title"]);
        Assert.Contains("SHA-256", (string)found[0]!["description"]!, StringComparison.Ordinal);
        Assert.NotNull(found[0]!["inputSchema"]!["properties"]!["delayMs"]);
        Assert.Empty(await SearchAsync(client, "count"));

        Assert.Equal(hash, (await RunAsync(client, "who__whoami")).StructuredContent!.Value.GetProperty("sha256").GetString());
        Assert.Equal("again", Words(await RunAsync(client, "who__echo", new JsonObject { ["text"] = "again" })));
        foreach (var tool in (string[])["who__count", "none__whoami", "whoami", "run_tool"])
        {
            Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(() => RunAsync(client, tool))).ErrorCode);
        }

        // What was found is run through run_tool, not past it.
        Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(async () => await client.CallToolAsync("who__whoami", cancellationToken: Stop))).ErrorCode);
        await RecordedAsync(rig, ana, "who.whoami,who.echo");
    }

    [Theory]
    [InlineData("search_tools", """{}""")]
    [InlineData("search_tools", """{"query":7}""")]
    [InlineData("search_tools", """{"query":"a","limit":0}""")]
    [InlineData("search_tools", """{"query":"a","limit":51}""")]
    [InlineData("search_tools", """{"query":"a","limit":"many"}""")]
    [InlineData("run_tool", """{}""")]
    [InlineData("run_tool", """{"name":["who__whoami"]}""")]
    [InlineData("run_tool", """{"name":"who__whoami","arguments":"{}"}""")]
    public async Task Arguments_that_make_no_sense_are_told_to_the_model(string tool, string arguments)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        await MakeAsync(rig, ana, "many", ToolsetMode.Search, ("who", null));
        var client = new RawClient(rig.Http, rig.Address("/mcp/set/many"), key);

        var answer = (await client.AskAsync("tools/call", new JsonObject { ["name"] = tool, ["arguments"] = JsonNode.Parse(arguments) }, Stop))[^1]["result"];

        Assert.True((bool)answer!["isError"]!);
        Assert.Equal(0L, await rig.Calls.SqlAsync($"select count(*) from tool_calls where user_id = '{ana}'"));
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task What_run_tool_runs_reports_its_progress_and_its_errors_as_its_own(string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        await MakeAsync(rig, ana, "many", ToolsetMode.Search, ("who", null));
        await using var client = await rig.ConnectAsync("/mcp/set/many", key, version);
        var heard = new ConcurrentQueue<ProgressNotificationValue>();

        await client.CallToolAsync(
            "run_tool", Arguments(("name", "who__count"), ("arguments", new Dictionary<string, object?>(StringComparer.Ordinal) { ["to"] = 3, ["stepMs"] = 50 })), new Heard(heard), cancellationToken: Stop);
        await CallRig.UntilAsync(() => Task.FromResult(!heard.IsEmpty), "No progress came.");
        Assert.StartsWith("Step ", heard.First().Message, StringComparison.Ordinal);

        var failed = await RunAsync(client, "who__fail", new JsonObject { ["message"] = "It broke." });
        Assert.True(failed.IsError);
        Assert.Contains("It broke.", Words(failed), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task What_run_tool_runs_is_cancelled_with_it(string version)
    {
        await using var upstream = await Upstream.StartAsync();
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", upstream.Authority));
        var ana = await rig.Calls.AddUserAsync("ana");
        await rig.Calls.AddServerAsync(ana, "slow", upstream.Endpoint.AbsoluteUri);
        await MakeAsync(rig, ana, "many", ToolsetMode.Search, ("slow", ["wait"]));
        await using var client = await rig.ConnectAsync("/mcp/set/many", await rig.KeyAsync(ana), version);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        var running = client.CallToolAsync("run_tool", Arguments(("name", "slow__wait")), cancellationToken: patience.Token).AsTask();
        await upstream.EnteredAsync();
        await patience.CancelAsync();

        await upstream.CancelledAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_question_asked_while_run_tool_runs_reaches_the_client_and_its_answer_the_tool()
    {
        await using var server = await HostileServer.StartAsync();
        server.Misbehave = (heard, context) =>
        {
            if (heard.Method != "tools/call")
            {
                return Task.FromResult(false);
            }

            var colour = JsonNode.Parse(heard.Body)!["params"]!["inputResponses"]?["q"]?["content"]?["colour"];
            return SendAsync(context, colour is not null ? Text(heard.Id, colour.ToString()) : Result(heard.Id, """{"resultType":"input_required","inputRequests":{"q":{"method":"elicitation/create","params":{"message":"Which?","requestedSchema":{"type":"object","properties":{"colour":{"type":"string"}}}}}},"requestState":"s"}"""));
        };
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Authority));
        var ana = await rig.Calls.AddUserAsync("ana");
        await rig.Calls.AddServerAsync(ana, "odd", server.Url);
        await MakeAsync(rig, ana, "many", ToolsetMode.Search, ("odd", null));
        var key = await rig.KeyAsync(ana);
        var newer = new RawClient(rig.Http, rig.Address("/mcp/set/many"), key);

        var asked = (await newer.AskAsync("tools/call", Call(), Stop))[^1]["result"]!;
        Assert.Equal(("input_required", "s"), ((string?)asked["resultType"], (string?)asked["requestState"]));
        var again = Call();
        again["requestState"] = "s";
        again["inputResponses"] = new JsonObject { ["q"] = new JsonObject { ["action"] = "accept", ["content"] = new JsonObject { ["colour"] = "green" } } };
        Assert.Equal("green", (string?)(await newer.AskAsync("tools/call", again, Stop))[^1]["result"]!["content"]![0]!["text"]);

        var handlers = new McpClientHandlers
        {
            ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult
            {
                Action = "accept",
                Content = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["colour"] = JsonSerializer.SerializeToElement("blue") },
            }),
        };
        await using var older = await rig.ConnectAsync("/mcp/set/many", key, Older, handlers);
        Assert.Equal("blue", Words(await RunAsync(older, "odd__act", new JsonObject { ["n"] = 1 })));

        // The tool was called by its own name with its own arguments each time.
        foreach (var heard in server.Requests.Where(heard => heard.Method == "tools/call"))
        {
            Assert.Equal("act", heard.Tool);
            Assert.Equal("""{"n":1}""", JsonNode.Parse(heard.Body)!["params"]!["arguments"]!.ToJsonString());
        }

        static JsonObject Call() => new()
        {
            ["name"] = "run_tool",
            ["arguments"] = new JsonObject { ["name"] = "odd__act", ["arguments"] = new JsonObject { ["n"] = 1 } },
            ["_meta"] = new JsonObject { [MetaKeys.ClientCapabilities] = new JsonObject { ["elicitation"] = new JsonObject() } },
        };
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task A_read_only_key_is_judged_by_the_real_tool(string version)
    {
        await using var server = await HostileServer.StartAsync();
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", server.Authority));
        var (ana, _, hash) = await rig.PersonAsync("ana");
        await rig.Calls.AddServerAsync(ana, "acts", server.Url);
        await MakeAsync(rig, ana, "listed", ToolsetMode.List, ("who", ["whoami"]), ("acts", null));
        await MakeAsync(rig, ana, "searched", ToolsetMode.Search, ("who", ["whoami"]), ("acts", null));
        var key = await rig.KeyAsync(ana, readOnly: true);
        await using var listed = await rig.ConnectAsync("/mcp/set/listed", key, version);
        await using var searched = await rig.ConnectAsync("/mcp/set/searched", key, version);

        Assert.Equal(["who__whoami"], (await listed.ListToolsAsync(cancellationToken: Stop)).Select(tool => tool.Name));
        Assert.Equal(["who__whoami"], (await SearchAsync(searched, "")).Select(tool => (string)tool!["name"]!));
        foreach (var refused in (CallToolResult[])[await listed.CallToolAsync("acts__act", cancellationToken: Stop), await RunAsync(searched, "acts__act")])
        {
            Assert.True(refused.IsError);
            Assert.Contains("may only use tools that read", Words(refused), StringComparison.Ordinal);
        }

        Assert.Equal(0, server.Count("tools/call"));
        Assert.Equal(hash, (await RunAsync(searched, "who__whoami")).StructuredContent!.Value.GetProperty("sha256").GetString());
        await using var full = await rig.ConnectAsync("/mcp/set/searched", await rig.KeyAsync(ana), version);
        Assert.Equal("done", Words(await RunAsync(full, "acts__act")));
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task A_server_that_is_lost_takes_its_tools_with_it_and_is_named(string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, hash) = await rig.PersonAsync("ana");
        var other = await rig.Calls.AddServerAsync(ana, "other", rig.Calls.Whoami, CallRig.Header);
        await rig.Calls.SetAsync(ana, other, "another-secret");
        await MakeAsync(rig, ana, "listed", ToolsetMode.List, ("who", ["whoami", "no_such_tool"]), ("other", ["echo"]));
        await MakeAsync(rig, ana, "searched", ToolsetMode.Search, ("who", ["whoami"]), ("other", ["echo"]));
        await using var listed = await rig.ConnectAsync("/mcp/set/listed", key, version);
        await using var searched = await rig.ConnectAsync("/mcp/set/searched", key, version);
        var (tools, warnings) = await ListAsync(listed);
        Assert.Equal(["other__echo", "who__whoami"], tools);
        Assert.Equal(["Server who does not offer no_such_tool now."], warnings);
        var editor = rig.Calls.Get<ServerEditor>();

        foreach (var lose in (Func<bool, Task<ServerEditResult>>[])
            [gone => editor.SetEnabledAsync(other.Id, !gone, Actor.CommandLine, Stop), gone => editor.SetAccessAsync(other.Id, gone ? [] : [new AccessRule(AccessSubject.Everyone, Guid.Empty, Allow: true)], Actor.CommandLine, Stop)])
        {
            Assert.IsType<ServerEditResult.Saved>(await lose(true));
            (tools, warnings) = await ListAsync(listed);
            Assert.Equal(["who__whoami"], tools);
            Assert.Contains("Server other is not there for you now, so its tools are left out.", warnings);
            Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(async () => await listed.CallToolAsync("other__echo", cancellationToken: Stop))).ErrorCode);
            Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(() => RunAsync(searched, "other__echo", new JsonObject { ["text"] = "x" }))).ErrorCode);
            var answer = (await SearchAnswerAsync(searched, "echo")).StructuredContent!.Value;
            Assert.Equal(0, answer.GetProperty("tools").GetArrayLength());
            Assert.Contains("Server other is not there for you now", answer.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);

            Assert.IsType<ServerEditResult.Saved>(await lose(false));
            Assert.Equal(["other__echo", "who__whoami"], (await ListAsync(listed)).Tools);
            Assert.Single(await SearchAsync(searched, "echo"));
        }

        Assert.Equal(hash, (await listed.CallToolAsync("who__whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task A_server_that_is_late_costs_its_own_tools_only_and_only_as_long_as_it_is(string version)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var late = await HostileServer.StartAsync(async (heard, context) =>
        {
            await (heard.Method == "tools/list" ? gate.Task.WaitAsync(context.RequestAborted) : Task.CompletedTask);
            return false;
        });
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", late.Authority), ("Gateway:ListTimeout", "00:00:02"));
        var (ana, key, _) = await rig.PersonAsync("ana");
        await rig.Calls.AddServerAsync(ana, "late", late.Url);
        await MakeAsync(rig, ana, "work", ToolsetMode.List, ("who", ["whoami"]), ("late", null));
        await using var client = await rig.ConnectAsync("/mcp/set/work", key, version);

        var (tools, warnings) = await ListAsync(client);

        Assert.Equal(["who__whoami"], tools);
        Assert.Equal(["Server late did not list its tools within 2 seconds."], warnings);
        gate.SetResult();
        await CallRig.UntilAsync(async () => (await ListAsync(client)).Tools.Contains("late__act"), "The list was kept although it was not complete.");
    }

    [Fact]
    public async Task AZ_3_A_set_of_somebody_else_is_none_and_two_of_one_name_are_two()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, anas, anasHash) = await rig.PersonAsync("ana");
        var (ben, bens, bensHash) = await rig.PersonAsync("ben");
        await MakeAsync(rig, ana, "secret", ToolsetMode.List, ("who", null));
        await MakeAsync(rig, ana, "same", ToolsetMode.List, ("who", ["whoami"]));
        await MakeAsync(rig, ben, "same", ToolsetMode.List, ("who", ["whoami", "echo"]));

        var (foreign, foreignBody) = await KnockAsync(rig, "/mcp/set/secret", bens);
        var (missing, missingBody) = await KnockAsync(rig, "/mcp/set/none", bens);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (foreign, missing));
        Assert.Equal(missingBody, foreignBody);
        Assert.Equal(HttpStatusCode.NotFound, (await KnockAsync(rig, "/mcp/set/Same", bens)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await KnockAsync(rig, "/mcp/set", bens)).Status);
        foreach (var (key, hash, count) in ((string, string, int)[])[(anas, anasHash, 1), (bens, bensHash, 2)])
        {
            await using var client = await rig.ConnectAsync("/mcp/set/same", key);
            Assert.Equal(count, (await client.ListToolsAsync(cancellationToken: Stop)).Count);
            Assert.Equal(hash, (await client.CallToolAsync("who__whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
        }
    }

    [Fact]
    public async Task A_key_of_a_set_opens_this_set_and_nothing_else()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, full, hash) = await rig.PersonAsync("ana");
        var set = await MakeAsync(rig, ana, "a", ToolsetMode.List, ("who", ["whoami"]));
        await MakeAsync(rig, ana, "b", ToolsetMode.List, ("who", null));
        var key = rig.Calls.Portal.Database.Canaries.Watch(
            "an access key", (await rig.Calls.Get<AccessKeys>().CreateForToolsetsAsync(ana, "of a", readOnly: false, [set.Id], expiresAt: null, Actor.Page(ana), Stop))!);

        await using (var client = await rig.ConnectAsync("/mcp/set/a", key))
        {
            Assert.Equal(["who__whoami"], (await client.ListToolsAsync(cancellationToken: Stop)).Select(tool => tool.Name));
            Assert.Equal(hash, (await client.CallToolAsync("who__whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
        }

        var none = await KnockAsync(rig, "/mcp/set/none", full);
        foreach (var path in (string[])["/mcp", "/mcp/who", "/mcp/set/b", "/mcp/set/none", "/mcp/none"])
        {
            Assert.Equal(none, await KnockAsync(rig, path, key));
        }

        // Nor over the session of another key of the same person.
        foreach (var path in (string[])["/mcp", "/mcp/who", "/mcp/set/b"])
        {
            await using var other = await rig.ConnectAsync(path, full, Older);
            var tool = path == "/mcp/who" ? "whoami" : "who__whoami";
            var answer = await InSessionAsync(rig, path, key, other.SessionId!, "tools/call", new { name = tool, arguments = new { } });
            Assert.Equal(-32602, (int)answer["error"]!["code"]!);
            Assert.Equal(0, (await InSessionAsync(rig, path, key, other.SessionId!, "tools/list", new { }))["result"]?["tools"]?.AsArray().Count ?? 0);
        }

        // Nor over REST, where there are no sets.
        foreach (var (path, body) in ((string, object)[])
            [("/mcp/tool/call", new { serverName = "who", methodName = "whoami" }), ("/secrets/set", new { serverName = "who", secretName = "token", secretValue = "x" }), ("/secrets/delete", new { serverName = "who", secretName = "token" })])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, rig.Address(path)) { Content = JsonContent.Create(body), Headers = { { "Authorization", $"Bearer {key}" } } };
            using var answer = await rig.Http.SendAsync(request, Stop);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        // Another set of the same name later is not meant.
        Assert.True(await rig.Calls.Get<ToolsetEditor>().DeleteAsync(set.Id, Actor.Page(ana), Stop));
        await MakeAsync(rig, ana, "a", ToolsetMode.List, ("who", null));
        Assert.Equal(none, await KnockAsync(rig, "/mcp/set/a", key));
    }

    [Fact]
    public async Task A_key_of_some_servers_reaches_only_theirs_through_a_set()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, _, _) = await rig.PersonAsync("ana");
        var other = await rig.Calls.AddServerAsync(ana, "other", rig.Calls.Whoami, CallRig.Header);
        await rig.Calls.SetAsync(ana, other, "another-secret");
        await MakeAsync(rig, ana, "work", ToolsetMode.List, ("who", ["whoami"]), ("other", ["whoami"]));
        await using var everything = await rig.ConnectAsync("/mcp/set/work", await rig.KeyAsync(ana));
        await using var limited = await rig.ConnectAsync("/mcp/set/work", await rig.KeyAsync(ana, servers: [other.Id]));

        Assert.Equal(["other__whoami", "who__whoami"], (await ListAsync(everything)).Tools);
        var (tools, warnings) = await ListAsync(limited);
        Assert.Equal(["other__whoami"], tools);
        Assert.Empty(warnings);
        Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(async () => await limited.CallToolAsync("who__whoami", cancellationToken: Stop))).ErrorCode);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task What_is_changed_is_so_on_the_other_node_within_two_seconds(string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        await using var node = await rig.Calls.Portal.AnotherNodeAsync(rig.Calls.Portal.Database, rig.Calls.Sandbox.Address, Ports.Free());
        var set = await MakeAsync(rig, ana, "work", ToolsetMode.List, ("who", ["whoami"]));
        var address = new Uri(node.Address + "/mcp/set/work");
        await CallRig.UntilAsync(async () => (await KnockAsync(rig, address, key)).Status == HttpStatusCode.OK, "The set is not there.", seconds: 2);
        await using var client = await GatewayRig.ConnectAsync(address, key, new McpClientOptions { ProtocolVersion = version });
        Assert.Equal(["who__whoami"], (await ListAsync(client)).Tools);
        var editor = rig.Calls.Get<ToolsetEditor>();
        var server = (await rig.Calls.Get<ServerCatalog>().FindAsync(ana, "who", Stop))!.Id;

        Assert.IsType<ToolsetEditResult.Saved>(await editor.ChangeAsync(set.Id, set.Version, new ToolsetDraft { Name = "work", Servers = [new ToolsetChoice(server, ["echo"])] }, Actor.Page(ana), Stop));
        await CallRig.UntilAsync(async () => (await ListAsync(client)).Tools is ["who__echo"], "The change is not there.", seconds: 2);
        await Assert.ThrowsAsync<McpProtocolException>(async () => await client.CallToolAsync("who__whoami", cancellationToken: Stop));

        Assert.True(await editor.DeleteAsync(set.Id, Actor.Page(ana), Stop));
        await CallRig.UntilAsync(async () => (await KnockAsync(rig, address, key)).Status == HttpStatusCode.NotFound, "The set is still there.", seconds: 2);
        await Assert.ThrowsAnyAsync<Exception>(async () => await client.CallToolAsync("who__echo", Arguments(("text", "x")), cancellationToken: Stop));
    }

    [Fact]
    public async Task A_changed_set_is_told_to_its_owners_clients_only()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, anas, _) = await rig.PersonAsync("ana");
        var (ben, bens, _) = await rig.PersonAsync("ben");
        var set = await MakeAsync(rig, ana, "work", ToolsetMode.List, ("who", ["whoami"]));
        await MakeAsync(rig, ben, "work", ToolsetMode.List, ("who", ["whoami"]));
        var heard = new ConcurrentQueue<string>();
        await using var older = await rig.ConnectAsync("/mcp/set/work", anas, Older);
        await using var hears = older.RegisterNotificationHandler(NotificationMethods.ToolListChangedNotification, Note("older"));
        await using var foreign = await rig.ConnectAsync("/mcp/set/work", bens, Older);
        await using var overhears = foreign.RegisterNotificationHandler(NotificationMethods.ToolListChangedNotification, Note("foreign"));
        await using var newer = await rig.ConnectAsync("/mcp/set/work", anas);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listens = newer.RegisterNotificationHandler(NotificationMethods.ToolListChangedNotification, Note("newer"));
        await using var acknowledged = newer.RegisterNotificationHandler("notifications/subscriptions/acknowledged", (_, _) =>
        {
            begun.TrySetResult();
            return ValueTask.CompletedTask;
        });
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task listening = newer.SendRequestAsync(
            new JsonRpcRequest { Method = RequestMethods.SubscriptionsListen, Params = new JsonObject { ["notifications"] = new JsonObject { ["toolsListChanged"] = true } } }, ends.Token);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20), Stop);
        var server = (await rig.Calls.Get<ServerCatalog>().FindAsync(ana, "who", Stop))!.Id;

        Assert.IsType<ToolsetEditResult.Saved>(await rig.Calls.Get<ToolsetEditor>().ChangeAsync(
            set.Id, set.Version, new ToolsetDraft { Name = "work", Servers = [new ToolsetChoice(server, null)] }, Actor.Page(ana), Stop));

        await CallRig.UntilAsync(() => Task.FromResult(heard.Contains("older") && heard.Contains("newer")), "Not both were told.", seconds: 2);
        Assert.DoesNotContain("foreign", heard);
        await ends.CancelAsync();
        await Task.WhenAny(listening);

        Func<JsonRpcNotification, CancellationToken, ValueTask> Note(string who) => (_, _) =>
        {
            heard.Enqueue(who);
            return ValueTask.CompletedTask;
        };
    }

    /// <summary>A toolset of a person's; the servers by their short names.</summary>
    internal static async Task<ToolsetSnapshot> MakeAsync(GatewayRig rig, UserId user, string name, ToolsetMode mode, params (string Server, string[]? Tools)[] parts)
    {
        List<ToolsetChoice> choices = [];
        foreach (var (server, tools) in parts)
        {
            choices.Add(new ToolsetChoice((await rig.Calls.Get<ServerCatalog>().FindAsync(user, server, Stop))!.Id, tools));
        }

        var draft = new ToolsetDraft { Name = name, Mode = mode, Servers = choices };
        Assert.IsType<ToolsetEditResult.Saved>(await rig.Calls.Get<ToolsetEditor>().CreateAsync(draft, Actor.Page(user), Stop));
        return (await rig.Calls.Get<ToolsetCatalog>().FindAsync(user, name, Stop))!;
    }

    private static async Task<CallToolResult> RunAsync(McpClient client, string tool, JsonObject? arguments = null) =>
        await client.CallToolAsync("run_tool", arguments is null ? Arguments(("name", tool)) : Arguments(("name", tool), ("arguments", arguments)), cancellationToken: Stop);

    private static async Task<CallToolResult> SearchAnswerAsync(McpClient client, string query, int? limit = null)
    {
        var result = await client.CallToolAsync("search_tools", limit is null ? Arguments(("query", query)) : Arguments(("query", query), ("limit", limit)), cancellationToken: Stop);
        Assert.True(result.IsError is not true, Words(result));
        return result;
    }

    private static async Task<JsonArray> SearchAsync(McpClient client, string query, int? limit = null) =>
        JsonNode.Parse((await SearchAnswerAsync(client, query, limit)).StructuredContent!.Value.GetProperty("tools").GetRawText())!.AsArray();

    private static async Task<(IReadOnlyList<string> Tools, IReadOnlyList<string> Warnings)> ListAsync(McpClient client)
    {
        var list = await client.ListToolsAsync(new ListToolsRequestParams(), Stop);
        return ([.. list.Tools.Select(tool => tool.Name).Order(StringComparer.Ordinal)], [.. (list.Meta?[Warnings] as JsonArray ?? []).Select(warning => (string)warning!)]);
    }

    private static Dictionary<string, object?> Arguments(params (string Name, object? Value)[] arguments) => arguments.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);

    private static string Words(CallToolResult result) => Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;

    /// <summary>What its owner will see: the real tools, in their order, and nothing of what found them.</summary>
    private static Task RecordedAsync(GatewayRig rig, UserId user, string calls) => CallRig.UntilAsync(
        async () => await rig.Calls.SqlAsync($"select string_agg(server_slug || '.' || tool, ',' order by started_at) from tool_calls where user_id = '{user}' and via = {(int)CallVia.Gateway}") as string == calls,
        "Not what was recorded.");

    private static Task<(HttpStatusCode Status, string Body)> KnockAsync(GatewayRig rig, string path, string key) => KnockAsync(rig, rig.Address(path), key);

    /// <summary>What the endpoint says to whoever begins a session there; nothing of a session that it begins.</summary>
    private static async Task<(HttpStatusCode Status, string Body)> KnockAsync(GatewayRig rig, Uri address, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = JsonContent.Create(new { jsonrpc = "2.0", id = 1, method = "initialize", @params = new { protocolVersion = Older, capabilities = new { }, clientInfo = new { name = "raw", version = "1" } } }),
            Headers = { { "Accept", "application/json, text/event-stream" }, { "Authorization", $"Bearer {key}" } },
        };
        using var answer = await rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync(Stop));
    }

    private static async Task<JsonNode> InSessionAsync(GatewayRig rig, string path, string key, string session, string method, object parameters)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, rig.Address(path))
        {
            Content = JsonContent.Create(new { jsonrpc = "2.0", id = 7, method, @params = parameters }),
            Headers = { { "Accept", "application/json, text/event-stream" }, { "Authorization", $"Bearer {key}" }, { "Mcp-Session-Id", session } },
        };
        using var answer = await rig.Http.SendAsync(request, Stop);
        var body = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonNode.Parse(body.StartsWith('{') ? body : body.Split('\n').Last(line => line.StartsWith("data: {", StringComparison.Ordinal))[6..])!;
    }

    private sealed class Heard(ConcurrentQueue<ProgressNotificationValue> heard) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => heard.Enqueue(value);
    }
}
