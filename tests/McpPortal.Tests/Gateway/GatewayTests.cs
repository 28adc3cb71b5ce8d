using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Gateway;

/// <summary>The portal as the MCP server of AI clients: everybody acts as themselves, in both eras of the protocol.</summary>
public sealed class GatewayTests(PostgresCluster cluster)
{
    private const string Older = "2025-11-25";
    private const string Newer = "2026-07-28";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/mcp/who", "whoami", Older)]
    [InlineData("/mcp/who", "whoami", Newer)]
    [InlineData("/mcp", "who__whoami", Older)]
    [InlineData("/mcp", "who__whoami", Newer)]
    public async Task Everybody_calls_with_their_own_credential(string path, string tool, string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        foreach (var name in (string[])["ana", "ben"])
        {
            var (user, key, hash) = await rig.PersonAsync(name);
            await using var client = await rig.ConnectAsync(path, key, version);
            Assert.Equal(version, client.NegotiatedProtocolVersion);
            Assert.Contains(tool, (await client.ListToolsAsync(cancellationToken: Stop)).Select(t => t.Name));

            var result = await client.CallToolAsync(tool, cancellationToken: Stop);

            Assert.Equal(hash, result.StructuredContent!.Value.GetProperty("sha256").GetString());
            await CallRig.UntilAsync(async () => (long)(await rig.Calls.SqlAsync($"select count(*) from tool_calls where user_id = '{user}' and via = {(int)CallVia.Gateway} and tool = 'whoami' and client = 'client'"))! == 1, "The call was not recorded.");
        }
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v2-legacy")]
    [InlineData("v2-auto")]
    public async Task The_TypeScript_clients_list_and_call(string client)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (_, key, hash) = await rig.PersonAsync("ana");

        var output = await ChildProcess.RunAsync(Repository.Node, [Path.Combine(Repository.Root, "tests", "peers", "gateway-client.mjs"), client, rig.Address("/mcp").AbsoluteUri, key, "who__whoami"], Stop);

        var seen = JsonNode.Parse(output.Split('\n')[^1])!;
        Assert.Contains("who__whoami", seen["tools"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(hash, (string?)seen["sha256"]);
    }

    [Fact]
    public async Task MCP_2_A_session_answers_its_own_user_only()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (_, anas, hash) = await rig.PersonAsync("ana");
        var (_, bens, _) = await rig.PersonAsync("ben");
        await using var ana = await rig.ConnectAsync("/mcp/who", anas, Older);
        var session = ana.SessionId!;

        foreach (var method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Get, HttpMethod.Delete])
        {
            var (foreign, body) = await AskAsync(rig, method, "/mcp/who", bens, session);
            var (missing, missingBody) = await AskAsync(rig, method, "/mcp/who", bens, "made-up");
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (foreign, missing));
            Assert.Equal(missingBody, body);
        }

        // Nor does it answer at another endpoint.
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(rig, HttpMethod.Post, "/mcp", anas, session)).Status);
        Assert.Equal(hash, (await ana.CallToolAsync("whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task AZ_3_A_server_that_is_hidden_from_the_caller_is_none()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, _, _) = await rig.PersonAsync("ana");
        var (_, bens, _) = await rig.PersonAsync("ben");
        var draft = new ServerDraft { Slug = "own", Name = "Ana's own", Url = rig.Calls.Whoami };
        Assert.IsType<ServerEditResult.Saved>(await rig.Calls.Get<ServerEditor>().AddOwnAsync(ana, draft, Actor.Page(ana), Stop));
        var limited = await rig.KeyAsync(ana, servers: [(await rig.Calls.Get<ServerCatalog>().FindAsync(ana, "own", Stop))!.Id]);
        var before = (await rig.Calls.Sandbox.StatsAsync()).Servers.GetValueOrDefault("whoami")?.GetValueOrDefault("calls") ?? 0;

        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(rig, HttpMethod.Post, "/mcp/own", bens)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(rig, HttpMethod.Post, "/mcp/none", bens)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(rig, HttpMethod.Post, "/mcp/who", limited)).Status);
        foreach (var (key, tool) in ((string, string)[])[(bens, "own__whoami"), (bens, "none__whoami"), (limited, "who__whoami"), (bens, "whoami"), (bens, "__"), (bens, "who__")])
        {
            await using var client = await rig.ConnectAsync("/mcp", key);
            var error = await Assert.ThrowsAsync<McpProtocolException>(async () => await client.CallToolAsync(tool, cancellationToken: Stop));
            Assert.Equal(McpErrorCode.InvalidParams, error.ErrorCode);
            Assert.DoesNotContain(await client.ListToolsAsync(cancellationToken: Stop), t => t.Name.StartsWith("own__", StringComparison.Ordinal) && key == bens);
        }

        Assert.Equal(before, (await rig.Calls.Sandbox.StatsAsync()).Servers.GetValueOrDefault("whoami")?.GetValueOrDefault("calls") ?? 0);
    }

    [Fact]
    public async Task A_missing_secret_is_answered_with_the_page_that_takes_it()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        await rig.PersonAsync("ana");
        var ben = await rig.Calls.AddUserAsync("ben");
        await using var client = await rig.ConnectAsync("/mcp", await rig.KeyAsync(ben));

        var result = await client.CallToolAsync("who__whoami", cancellationToken: Stop);

        Assert.True(result.IsError);
        Assert.Contains("http://localhost:5080/continue/who/", Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task One_of_ten_servers_hangs_and_one_is_dead_and_the_other_eight_are_listed_in_time(string version)
    {
        await using var other = await HostileServer.StartAsync((_, context) => context.Request.Path.Value!.EndsWith("hangs", StringComparison.Ordinal) ? HostileServer.HangAsync(context) : Task.FromResult(false));
        var dead = Ports.Free();
        await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", other.Authority), ("Outbound:AllowedHosts:6", $"127.0.0.1:{dead}"), ("Gateway:ListTimeout", "00:00:03"));
        var (ana, key, hash) = await rig.PersonAsync("ana");
        string[] well = [.. Enumerable.Range(1, 7).Select(i => $"well-{i}")];
        foreach (var slug in (string[])[.. well, "hangs"])
        {
            await rig.Calls.AddServerAsync(ana, slug, $"{other.Url}/{slug}");
        }

        await rig.Calls.AddServerAsync(ana, "dead", $"http://127.0.0.1:{dead}/mcp");
        await using var client = await rig.ConnectAsync("/mcp", key, version);
        var clock = Stopwatch.StartNew();

        var list = await client.ListToolsAsync(new ListToolsRequestParams(), Stop);

        // The server itself may take a minute for a call.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Equal([.. well.Select(slug => $"{slug}__act"), "who"], list.Tools.Select(tool => tool.Name.StartsWith("who__", StringComparison.Ordinal) ? "who" : tool.Name).Distinct().Order(StringComparer.Ordinal));
        var warnings = list.Meta!["io.mcpportal/warnings"]!.AsArray().Select(warning => (string)warning!).ToList();
        Assert.Equal(2, warnings.Count);
        Assert.Contains(warnings, warning => warning.StartsWith("Server hangs did not list its tools within 3 seconds", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.StartsWith("Server dead: ", StringComparison.Ordinal));
        Assert.Equal(hash, (await client.CallToolAsync("who__whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task A_revoked_key_and_a_disabled_user_are_out_within_two_seconds(string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        await using var client = await rig.ConnectAsync("/mcp/who", key, version);
        await client.CallToolAsync("whoami", cancellationToken: Stop);
        var (ben, bens, _) = await rig.PersonAsync("ben");
        await using var other = await rig.ConnectAsync("/mcp/who", bens, version);

        var id = (string)(await rig.Calls.SqlAsync($"select id from access_keys where user_id = '{ana}'"))!;
        Assert.True(await rig.Calls.Get<AccessKeys>().RevokeAsync(ana, id, Actor.Page(ana), Stop));
        Assert.Equal(UserChange.Done, await rig.Calls.Get<Users>().DisableAsync(ben, Actor.CommandLine, Stop));
        foreach (var (refused, text) in ((McpClient, string)[])[(client, key), (other, bens)])
        {
            await CallRig.UntilAsync(async () => (await AskAsync(rig, HttpMethod.Post, "/mcp/who", text)).Status == HttpStatusCode.Unauthorized, "Still let in.", seconds: 2);
            await Assert.ThrowsAnyAsync<Exception>(async () => await refused.CallToolAsync("whoami", cancellationToken: Stop));
        }
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task LEAK_1_What_a_client_says_and_is_told_is_in_no_log(string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (_, key, _) = await rig.PersonAsync("ana");
        await using var client = await rig.ConnectAsync("/mcp/who", key, version);

        // The scan at the end looks for it in whatever the portal wrote, the log at Trace first.
        foreach (var (tool, argument) in ((string, string)[])[("echo", "text"), ("fail", "message")])
        {
            var words = rig.Calls.Portal.Database.Canaries.Watch("what a client said", $"words-{Guid.NewGuid():n}");
            var result = await client.CallToolAsync(tool, new Dictionary<string, object?>(StringComparer.Ordinal) { [argument] = words }, cancellationToken: Stop);
            Assert.Contains(words, Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task MCP_1_A_page_of_another_origin_is_refused()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (_, key, _) = await rig.PersonAsync("ana");
        foreach (var origin in (string[])["https://evil.example", "null", rig.Calls.Portal.Address + ".evil.example"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(rig, HttpMethod.Post, "/mcp", key, origin: origin)).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(rig, HttpMethod.Post, "/mcp", key, origin: rig.Calls.Portal.Address)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(rig, HttpMethod.Post, "/mcp", null)).Status);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task Progress_reaches_the_client_that_asked_for_it(string version)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (_, key, _) = await rig.PersonAsync("ana");
        await using var client = await rig.ConnectAsync("/mcp/who", key, version);
        var heard = new ConcurrentQueue<ProgressNotificationValue>();

        await client.CallToolAsync("count", new Dictionary<string, object?>(StringComparer.Ordinal) { ["to"] = 3, ["stepMs"] = 50 }, new Heard(heard), cancellationToken: Stop);

        await CallRig.UntilAsync(() => Task.FromResult(!heard.IsEmpty), "No progress came.");
        Assert.StartsWith("Step ", heard.First().Message, StringComparison.Ordinal);
    }

    /// <summary>An initialize request, or whatever belongs to a session.</summary>
    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(GatewayRig rig, HttpMethod method, string path, string? key, string? session = null, string? origin = null)
    {
        using var request = new HttpRequestMessage(method, rig.Address(path));
        request.Headers.Add("Accept", "application/json, text/event-stream");
        if (key is not null)
        {
            request.Headers.Add("Authorization", $"Bearer {key}");
        }

        if (session is not null)
        {
            request.Headers.Add("Mcp-Session-Id", session);
        }

        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        if (method == HttpMethod.Post)
        {
            request.Content = session is null
                ? JsonContent.Create(new { jsonrpc = "2.0", id = 1, method = "initialize", @params = new { protocolVersion = Older, capabilities = new { }, clientInfo = new { name = "raw", version = "1" } } })
                : JsonContent.Create(new { jsonrpc = "2.0", id = 1, method = "tools/list" });
        }

        using var answer = await rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync(Stop));
    }

    private sealed class Heard(ConcurrentQueue<ProgressNotificationValue> heard) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => heard.Enqueue(value);
    }
}
