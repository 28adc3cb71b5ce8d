using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Tests.Attacks.Protocol;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Flood;

/// <summary>Requests by the hundred: from one person, from strangers, and such as stay open.</summary>
public sealed class ManyRequestsTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DOS_1_Whoever_floods_is_told_to_wait_and_everybody_else_is_answered()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var rig = await ProtocolRig.StartAsync(
            cluster,
            ("Outbound:AllowedHosts:5", upstream.Authority), ("Calls:MaxRunningPerUser", "2"), ("Calls:MaxPendingPerUser", "8"), ("Gateway:MaxRequestsPerUser", "6"));
        var slow = await rig.Gateway.Calls.AddServerAsync(rig.Ana, "slow", upstream.Endpoint.AbsoluteUri, CallRig.Bearer);
        await rig.Gateway.Calls.SetAsync(rig.Ana, slow, "not-a-secret-of-ana");
        var others = new List<(string Key, string Hash)>();
        for (var i = 0; i < 5; i++)
        {
            var (_, key, hash) = await rig.Gateway.PersonAsync($"user{i}");
            others.Add((key, hash));
        }

        var call = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"slow__wait\",\"arguments\":{}," + ProtocolRig.Meta + "}}";
        var flood = Enumerable.Range(0, 60).Select(_ => rig.PostAsync(call, ("MCP-Protocol-Version", ProtocolRig.Newer), ("Mcp-Method", "tools/call"), ("Mcp-Name", "slow__wait"))).ToList();
        await CallRig.UntilAsync(() => Task.FromResult(flood.Count(answer => answer.IsCompleted) == 54), "All but six were to be refused.");
        foreach (var answer in flood.Where(answer => answer.IsCompleted))
        {
            Assert.Equal((HttpStatusCode.TooManyRequests, true), ((await answer).Status, (await answer).RetryAfter));
        }

        // Programs over REST share the calls with them: which of them are too many depends on who came first.
        var programs = Enumerable.Range(0, 10).Select(_ => RestAsync(rig, "slow", "wait")).ToList();
        await CallRig.UntilAsync(() => Task.FromResult(flood.Count(answer => !answer.IsCompleted) + programs.Count(answer => !answer.IsCompleted) == 8), "All but eight were to be refused.");
        foreach (var answer in programs.Where(answer => answer.IsCompleted))
        {
            Assert.Equal((HttpStatusCode.TooManyRequests, true), await answer);
        }

        var answered = await Task.WhenAll(others.SelectMany(other => Enumerable.Range(0, 4).Select(async _ =>
            (other.Hash, Answer: await new RawClient(rig.Gateway.Http, rig.Gateway.Address("/mcp"), other.Key).AskAsync("tools/call", new JsonObject { ["name"] = "who__whoami" }, Stop)))));
        Assert.All(answered, a => Assert.Equal(a.Hash, (string?)a.Answer[^1]["result"]!["structuredContent"]!["sha256"]));

        upstream.Open();
        Assert.Equal(8, (await Task.WhenAll(flood)).Count(answer => answer.Status == HttpStatusCode.OK && answer.Body.Contains("done", StringComparison.Ordinal)) + (await Task.WhenAll(programs)).Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Equal((8, 2), (upstream.Calls, upstream.MostRunning));
        Assert.Equal((HttpStatusCode.OK, false), await RestAsync(rig, "slow", "token"));
    }

    [Fact]
    public async Task DOS_4_Requests_that_are_refused_leave_neither_sessions_nor_rows()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster);
        await rig.PostAsync(ProtocolRig.List);
        await CallRig.UntilAsync(() => Task.FromResult(rig.Sessions.Count == 0), "A session was there before.");
        var before = await RowsAsync(rig);
        var total = SoakSize.Of(600, 100_000);
        var address = rig.Gateway.Address("/");
        var memory = 0L;

        await Parallel.ForAsync(0, total, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Stop }, async (i, _) =>
        {
            if (i == total / 5)
            {
                memory = GC.GetTotalMemory(forceFullCollection: true);
            }

            var body = i % 3 == 0 ? ProtocolRig.Initialize.Replace("initialize", "initialise", StringComparison.Ordinal) : i % 3 == 1 ? "{\"id\":1}" : ProtocolRig.Initialize;
            (string, string)[] wrong = (i % 8) switch
            {
                0 => [("Authorization", "")],
                1 => [("Authorization", $"Bearer mcpp_{i:x8}")],
                2 => [("Authorization", "Basic YTpi")],
                3 => [("Origin", "https://evil.example")],
                4 => [("Host", "evil.example")],
                5 => [("Accept", "text/plain")],
                6 => [("Content-Type", "text/plain")],
                _ => [("MCP-Protocol-Version", "1999-01-01")],
            };
            var path = (i % 5) switch { 0 => "mcp", 1 => "mcp/who", 2 => "mcp/none", 3 => "mcp/tool/call", _ => "secrets/set" };
            var answer = await rig.SendAsync(HttpMethod.Post, new Uri(address, path), Encoding.UTF8.GetBytes(body), wrong);
            Assert.InRange((int)answer.Status, 400, 499);
            Assert.Null(answer.Session);
        });

        Assert.Empty(rig.Sessions);
        Assert.Empty(rig.Gateway.Calls.Sessions);
        Assert.Equal(before, await RowsAsync(rig));
        if (SoakSize.IsFull)
        {
            var after = GC.GetTotalMemory(forceFullCollection: true);
            SoakSize.Report("FLOOD", string.Create(CultureInfo.InvariantCulture, $"{total:N0} refused requests: 0 sessions, 0 rows, {memory >> 20} → {after >> 20} MiB of objects"));
            Assert.InRange(after, 0, memory * 1.2);
        }
    }

    [Fact]
    public async Task DOS_5_Open_streams_beyond_the_limit_are_refused_until_others_are_closed()
    {
        const int Most = 32;
        await using var rig = await ProtocolRig.StartAsync(cluster);
        var (_, bens, _) = await rig.Gateway.PersonAsync("ben");
        using var over = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        var open = new List<StreamReader>();
        for (var i = 0; i < Most; i++)
        {
            var (stream, first) = await ListenAsync(over, rig, rig.Key);
            Assert.Contains("acknowledged", first, StringComparison.Ordinal);
            open.Add(stream);
        }

        Assert.Contains("32 of your clients", await FirstAsync(over, rig, rig.Key), StringComparison.Ordinal);
        Assert.Contains("acknowledged", await FirstAsync(over, rig, bens), StringComparison.Ordinal);

        // Sessions whose stream is open are in use; none of them makes room.
        var sessions = new List<StreamReader>();
        for (var i = 0; i < 5; i++)
        {
            sessions.Add(await StandAsync(over, rig, await rig.BeginAsync()));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await rig.PostAsync(ProtocolRig.Initialize)).Status);
        Assert.Equal(5, rig.Sessions.Count);

        open.ForEach(stream => stream.Dispose());
        sessions.ForEach(stream => stream.Dispose());
        await CallRig.UntilAsync(async () => (await rig.PostAsync(ProtocolRig.Initialize)).Status == HttpStatusCode.OK, "No session makes room.");
        await CallRig.UntilAsync(async () => (await FirstAsync(over, rig, rig.Key)).Contains("acknowledged", StringComparison.Ordinal), "No stream makes room.");
    }

    [Fact]
    public async Task DOS_7_The_largest_secrets_are_taken_up_to_their_limit_and_hold_nobody_up()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster);
        CredentialNeed[] needs = [.. Enumerable.Range(1, 20).Select(i => new CredentialNeed { Name = $"s{i}", Source = CredentialSource.Secret, Placement = CredentialPlacement.Header, Target = $"X-Secret-{i}" })];
        var server = await rig.Gateway.Calls.AddServerAsync(rig.Ana, "heavy", rig.Gateway.Calls.Whoami, needs);
        var store = rig.Gateway.Calls.Get<SecretStore>();
        foreach (var need in needs)
        {
            Assert.IsNotType<SecretEditResult.Saved>(await store.SetAsync(rig.Ana, server, need.Name, new string('x', (16 * 1024) + 1), Actor.Page(rig.Ana), Stop));
            Assert.IsType<SecretEditResult.Saved>(await store.SetAsync(rig.Ana, server, need.Name, new string('x', 16 * 1024), Actor.Page(rig.Ana), Stop));
        }

        // The server takes no head that long, and says so.
        var outcome = await rig.Gateway.Calls.CallAsync(rig.Ana, "heavy", "whoami");
        Assert.Contains("Server heavy", outcome is CallOutcome.Unreachable ? outcome.Explanation : outcome.ToString(), StringComparison.Ordinal);
        Assert.Equal(rig.Hash, CallRig.HashIn(await rig.Gateway.Calls.CallAsync(rig.Ana, "who", "whoami")));
    }

    private static async Task<(HttpStatusCode Status, bool RetryAfter)> RestAsync(ProtocolRig rig, string server, string tool)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, rig.Gateway.Address("/mcp/tool/call"))
        {
            Content = JsonContent.Create(new { serverName = server, methodName = tool, args = new { } }),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", rig.Key) },
        };
        using var response = await rig.Gateway.Http.SendAsync(request, Stop);
        return (response.StatusCode, response.Headers.RetryAfter is not null);
    }

    /// <summary>How many rows there are, but for what nodes tell each other all the time.</summary>
    private static async Task<string> RowsAsync(ProtocolRig rig) => (string)(await rig.Gateway.Calls.SqlAsync("""
        select string_agg(format('%s: %s', tablename, (xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I', tablename), false, true, '')))[1]::text), ', ' order by tablename)
        from pg_tables where schemaname = 'public' and tablename not in ('leases', 'nodes', 'invalidations')
        """))!;

    private static async Task<StreamReader> StandAsync(HttpClient http, ProtocolRig rig, string session)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, rig.Gateway.Address("/mcp")) { Headers = { { "Authorization", $"Bearer {rig.Key}" }, { "Accept", "text/event-stream" }, { "Mcp-Session-Id", session } } };
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new StreamReader(await response.Content.ReadAsStreamAsync(Stop));
    }

    /// <summary>What is said first to somebody who listens no longer than that.</summary>
    private static async Task<string> FirstAsync(HttpClient http, ProtocolRig rig, string key)
    {
        var (stream, first) = await ListenAsync(http, rig, key);
        stream.Dispose();
        return first;
    }

    /// <summary>Begins to listen and reads the first thing said.</summary>
    private static async Task<(StreamReader Stream, string First)> ListenAsync(HttpClient http, ProtocolRig rig, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, rig.Gateway.Address("/mcp"))
        {
            Content = new StringContent("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscriptions/listen\",\"params\":{\"notifications\":{\"toolsListChanged\":true}," + ProtocolRig.Meta + "}}", Encoding.UTF8, "application/json"),
            Headers = { { "Authorization", $"Bearer {key}" }, { "Accept", "application/json, text/event-stream" }, { "MCP-Protocol-Version", ProtocolRig.Newer }, { "Mcp-Method", "subscriptions/listen" } },
        };
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Stop));
        while (await reader.ReadLineAsync(Stop) is { } line)
        {
            if (line.Contains('{', StringComparison.Ordinal))
            {
                return (reader, line);
            }
        }

        return (reader, "");
    }
}
