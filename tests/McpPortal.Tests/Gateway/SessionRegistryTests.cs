using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Gateway;
using McpPortal.Sessions.Registry;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Attacks.Database;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Clients.OAuth;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Gateway;

/// <summary>What the registry knows of clients' sessions, and how each end of one gets there.</summary>
public sealed class SessionRegistryTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_is_entered_with_what_is_known_of_it_and_nothing_by_which_it_is_used()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        var client = await new SessionClient(rig.Http, rig.Address("/mcp/who"), key).BeginAsync(Stop);

        var row = Assert.Single(await SessionRig.RowsAsync(rig.Calls.Portal, ana));
        Assert.Equal(("editor", "1.2", SessionClient.Revision, "/mcp/who", "client"), (row.ClientName, row.ClientVersion, row.ProtocolVersion, row.Endpoint, row.OpenedWith));
        Assert.StartsWith($"mcpp_{row.AccessKeyId}_", key, StringComparison.Ordinal);
        Assert.Null(row.GrantId);
        Assert.Null(row.EndedAt);
        var stored = (string)(await rig.Calls.SqlAsync("select string_agg(row_to_json(s)::text, ' ') from mcp_sessions s"))!;
        Assert.DoesNotContain(client.Session!, stored, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, await client.DeleteAsync(Stop));

        // The answer to DELETE waits for the registry, so that the next session finds its place free.
        Assert.Equal(SessionEnd.Client, Assert.Single(await SessionRig.RowsAsync(rig.Calls.Portal, ana)).EndReason);
        Assert.Equal(HttpStatusCode.NotFound, await client.PingAsync(Stop));
        Assert.Equal(HttpStatusCode.NotFound, await client.DeleteAsync(Stop));
    }

    [Fact]
    public async Task A_session_that_was_begun_with_a_token_names_the_client_that_was_let_in()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (access, _) = await rig.TokensAsync(ana, await rig.ClientAsync());

        await new SessionClient(rig.Http, rig.Address("/mcp"), access).BeginAsync(Stop);

        var row = Assert.Single(await SessionRig.RowsAsync(rig.Portal, ana));
        Assert.Equal((await rig.OnlyGrantAsync(ana)).Id, row.GrantId);
        Assert.Null(row.AccessKeyId);
        Assert.Equal(("A client", "/mcp"), (row.OpenedWith, row.Endpoint));
    }

    [Theory]
    [InlineData("a\0b\u001b[31m\u202ec\u2028d", "ab[31mcd")]
    [InlineData("<script>alert(1)</script>", "<script>alert(1)</script>")]
    [InlineData("\u200b\u202e", null)]
    [InlineData("long", "long")]
    public async Task INJ_8_A_client_calls_itself_what_it_likes_and_only_what_can_be_seen_is_kept(string name, string? kept)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        var filler = name == "long" ? new string('x', 10_000) : "";

        await new SessionClient(rig.Http, rig.Address("/mcp"), key).BeginAsync(name + filler, new string('9', 5000), Stop);

        var row = Assert.Single(await SessionRig.RowsAsync(rig.Calls.Portal, ana));
        Assert.Equal(filler.Length == 0 ? kept : (kept + filler)[..ClientSession.MaxName], row.ClientName);
        Assert.Equal(ClientSession.MaxVersion, row.ClientVersion!.Length);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":5}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","name":"b","version":"1"}}}""")]
    public async Task DOS_4_What_begins_no_session_leaves_no_row(string message)
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");

        using var answer = await new SessionClient(rig.Http, rig.Address("/mcp"), key).SendAsync(HttpMethod.Post, message, Stop);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(await SessionRig.RowsAsync(rig.Calls.Portal, ana));
        Assert.Empty(rig.Calls.Get<GatewaySessions>().Table.List());
    }

    [Fact]
    public async Task A_session_that_cannot_be_entered_does_not_begin()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        var client = new SessionClient(rig.Http, rig.Address("/mcp"), key);
        await rig.Calls.SqlAsync("alter table mcp_sessions rename to mcp_sessions_away");

        var (status, body) = await client.TryBeginAsync(Stop);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("registry", (string)JsonNode.Parse(body)!["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Empty(rig.Calls.Get<GatewaySessions>().Table.List());
        await rig.Calls.SqlAsync("alter table mcp_sessions_away rename to mcp_sessions");
        Assert.Equal(HttpStatusCode.OK, (await client.TryBeginAsync(Stop)).Status);
        Assert.Single(await SessionRig.RowsAsync(rig.Calls.Portal, ana), row => row.EndedAt is null);
    }

    [Fact]
    public async Task A_session_that_nobody_uses_ends_after_the_timeout()
    {
        var time = new ShiftedTime();
        await using var portal = await PortalHost.StartAsync(cluster, time, $"http://127.0.0.1:{Ports.Free()}", Ports.Free(), ("MCP_SESSION_TIMEOUT", "90"));
        using var http = new HttpClient();
        var (ana, key) = await PersonAsync(portal);
        var client = await new SessionClient(http, new Uri(portal.Address + "/mcp"), key).BeginAsync(Stop);
        var other = await new SessionClient(http, new Uri(portal.Address + "/mcp"), key).BeginAsync(Stop);

        // Less than a minute each time: a node that heard nothing for longer gives up whatever it holds.
        time.Shift(TimeSpan.FromSeconds(50));
        Assert.Equal(HttpStatusCode.OK, await client.PingAsync(Stop));
        time.Shift(TimeSpan.FromSeconds(45));

        Assert.Equal(HttpStatusCode.NotFound, await other.PingAsync(Stop));
        Assert.Equal(HttpStatusCode.OK, await client.PingAsync(Stop));
        await CallRig.UntilAsync(async () => (await SessionRig.RowsAsync(portal, ana)) is [{ EndedAt: null }, { EndReason: SessionEnd.Idle }], "The end was not written.");
    }

    [Fact]
    public async Task The_registry_hears_how_sessions_are_used()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        var client = await new SessionClient(rig.Http, rig.Address("/mcp"), key).BeginAsync(Stop);
        var began = Assert.Single(await SessionRig.RowsAsync(rig.Calls.Portal, ana)).LastActiveAt;
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        var stream = await client.StreamAsync(leave.Token);
        await UntilAsync(row => row.InUse);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream);
        await UntilAsync(row => !row.InUse && row.LastActiveAt > began);

        Task UntilAsync(Func<ClientSession, bool> wanted) => CallRig.UntilAsync(async () => wanted(Assert.Single(await SessionRig.RowsAsync(rig.Calls.Portal, ana))), "The use was not written.");
    }

    /// <summary>For as long as the portal's news count, a call in a session needs nothing of the database.</summary>
    [Fact]
    public async Task A_warm_call_in_a_session_reaches_its_server_while_the_database_is_gone()
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1);
        using var writers = await far.WritersAsync();
        using var http = new HttpClient();
        var client = await new SessionClient(http, new Uri(far.Portal.Address + "/mcp/who"), far.Programs[0].Key).BeginAsync(Stop);
        var call = SessionClient.Message(7, "tools/call", new JsonObject { ["name"] = "whoami", ["arguments"] = new JsonObject() });
        await AssertAnsweredAsync();
        await AssertAnsweredAsync();

        far.Hop.Refuse();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        do
        {
            await AssertAnsweredAsync();
        }
        while (clock.Elapsed < TimeSpan.FromSeconds(1));

        async Task AssertAnsweredAsync()
        {
            var answer = await client.PostAsync(call, Stop);
            Assert.True(answer["result"]?["structuredContent"]?["sha256"] is not null, answer.ToJsonString());
        }
    }

    [Fact]
    public async Task MCP_8_Two_sessions_of_one_user_that_say_the_same_byte_for_byte_both_get_their_answers()
    {
        await using var rig = await SessionRig.StartAsync(cluster);
        var (ana, key, hash) = await rig.Gateway.PersonAsync("ana");
        SessionClient[] clients = [await rig.BeginAsync(rig.One, key, "/mcp/who"), await rig.BeginAsync(rig.One, key, "/mcp/who"), await rig.BeginAsync(rig.Two, key, "/mcp/who")];
        Assert.Equal(3, clients.Select(client => client.Session).Distinct(StringComparer.Ordinal).Count());

        for (var round = 1; round <= 10; round++)
        {
            var message = SessionClient.Message(round, "tools/call", new JsonObject { ["name"] = "whoami", ["arguments"] = new JsonObject { ["delayMs"] = 30 } });
            var answers = await Task.WhenAll(clients.Select(client => client.PostAsync(message, Stop)));
            Assert.All(answers, answer => Assert.Equal((round, hash), ((int)answer["id"]!, (string)answer["result"]!["structuredContent"]!["sha256"]!)));
        }

        // Records are written a moment later.
        await CallRig.UntilAsync(async () => (long)(await rig.Gateway.Calls.SqlAsync($"select count(*) from tool_calls where user_id = '{ana}'"))! == 30, "Not every message was a call of its own.");
    }

    [Fact]
    public async Task What_ended_long_ago_is_forgotten_and_one_person_cannot_fill_the_registry()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        var (ben, _, _) = await rig.PersonAsync("ben");
        await AddEndedAsync(ana, ClientSessions.KeptEnded + 50, "1 minute");
        await AddEndedAsync(ben, 3, "29 days");
        await AddEndedAsync(ben, 4, "31 days");

        await new SessionClient(rig.Http, rig.Address("/mcp"), key).BeginAsync(Stop);
        await rig.Calls.Get<ClientSessionSweeper>().SweepAsync(Stop);

        Assert.Equal((ClientSessions.KeptEnded, 1), Count(await SessionRig.RowsAsync(rig.Calls.Portal, ana)));
        Assert.Equal((3, 0), Count(await SessionRig.RowsAsync(rig.Calls.Portal, ben)));

        Task AddEndedAsync(UserId user, int count, string ago) => rig.Calls.SqlAsync(
            $"""
            insert into mcp_sessions (id, user_id, opened_with, endpoint, node_id, created_at, last_active_at, in_use, ended_at, end_reason)
            select gen_random_uuid(), '{user}', 'key', '/mcp', gen_random_uuid(), now() - interval '90 days', now() - interval '80 days', false, now() - interval '{ago}', 1 from generate_series(1, {count})
            """);

        static (int Ended, int Open) Count(IReadOnlyList<ClientSession> rows) => (rows.Count(row => row.EndedAt is not null), rows.Count(row => row.EndedAt is null));
    }

    [Fact]
    public async Task Nobody_ends_what_is_not_theirs()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, key, _) = await rig.PersonAsync("ana");
        var (ben, _, _) = await rig.PersonAsync("ben");
        var client = await new SessionClient(rig.Http, rig.Address("/mcp"), key).BeginAsync(Stop);
        var row = Assert.Single(await SessionRig.RowsAsync(rig.Calls.Portal, ana));
        var registry = rig.Calls.Get<ClientSessions>();

        Assert.False(await registry.EndAsync(ben, row.Id, Actor.Page(ben), Stop));
        Assert.False(await registry.EndAsync(ben, ClientSessionId.New(), Actor.Page(ben), Stop));
        Assert.Equal(0, await registry.EndAllAsync(ben, Actor.Page(ben), Stop));
        Assert.Empty(await registry.ListAsync(ben, Stop));
        Assert.Equal(HttpStatusCode.OK, await client.PingAsync(Stop));
        Assert.Equal(0L, await rig.Calls.SqlAsync("select count(*) from audit_entries where action = 'SessionEnded'"));

        Assert.True(await registry.EndAsync(ana, row.Id, Actor.Page(ana), Stop));
        Assert.False(await registry.EndAsync(ana, row.Id, Actor.Page(ana), Stop));
        Assert.Equal(1L, await rig.Calls.SqlAsync($"select count(*) from audit_entries where action = 'SessionEnded' and actor_id = '{ana}' and subject_id = '{row.Id}'"));
    }

    private static async Task<(UserId User, string Key)> PersonAsync(PortalHost portal)
    {
        var user = new User { DisplayName = "ana" };
        await using (var scope = await portal.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop))
        {
            scope.Db.Users.Add(user);
            await scope.CommitAsync(Stop);
        }

        var key = await portal.Services.GetRequiredService<McpPortal.Clients.AccessKeys>().CreateAsync(user.Id, "test", readOnly: false, servers: null, expiresAt: null, Actor.Page(user.Id), Stop);
        return (user.Id, portal.Database.Canaries.Watch("an access key", key!));
    }
}
