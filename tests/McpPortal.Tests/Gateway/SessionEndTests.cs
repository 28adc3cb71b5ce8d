using System.Net;
using McpPortal.Admin;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Gateway;
using McpPortal.Sessions.Registry;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace McpPortal.Tests.Gateway;

/// <summary>A session that is ended anywhere is over everywhere within two seconds, and so is its stream.</summary>
public sealed class SessionEndTests(PostgresCluster cluster)
{
    private const double Deadline = 2;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_owner_ends_a_session_on_another_node_and_no_other(bool all)
    {
        await using var rig = await SessionRig.StartAsync(cluster);
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var (_, bens, _) = await rig.Gateway.PersonAsync("ben");
        var (ended, kept, other) = (await rig.BeginAsync(rig.Two, key), await rig.BeginAsync(rig.Two, key), await rig.BeginAsync(rig.Two, bens));
        var (stream, keptStream) = (await ended.StreamAsync(Stop), await kept.StreamAsync(Stop));
        var rows = await rig.RowsAsync(ana);

        if (all)
        {
            Assert.Equal(2, await SessionRig.RegistryOf(rig.One).EndAllAsync(ana, Actor.Page(ana), Stop));
        }
        else
        {
            Assert.True(await SessionRig.RegistryOf(rig.One).EndAsync(ana, rows[0].Id, Actor.Page(ana), Stop));
        }

        await stream.WaitAsync(TimeSpan.FromSeconds(Deadline), Stop);
        Assert.Equal(HttpStatusCode.NotFound, await ended.PingAsync(Stop));
        if (all)
        {
            await keptStream.WaitAsync(TimeSpan.FromSeconds(Deadline), Stop);
        }

        Assert.Equal(all ? HttpStatusCode.NotFound : HttpStatusCode.OK, await kept.PingAsync(Stop));
        Assert.Equal(all, keptStream.IsCompleted);
        Assert.Equal(HttpStatusCode.OK, await other.PingAsync(Stop));
        var row = (await rig.RowsAsync(ana))[0];
        Assert.Equal((SessionEnd.Owner, ana), (row.EndReason, row.EndedBy));
        Assert.Equal(all ? 2L : 1L, await rig.Gateway.Calls.SqlAsync($"select count(*) from audit_entries where action = 'SessionEnded' and actor_id = '{ana}' and concerns_user_id = '{ana}' and subject_kind = 'mcp-session'"));

        // The client begins again, as it may.
        await rig.BeginAsync(rig.Two, key);
    }

    [Fact]
    public async Task An_administrator_ends_anybodys_sessions_and_an_auditor_only_sees_them()
    {
        await using var rig = await SessionRig.StartAsync(cluster);
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var (ben, bens, _) = await rig.Gateway.PersonAsync("ben");
        var admin = await AddAsync(rig.One, Roles.Admin);
        var auditor = await AddAsync(rig.One, Roles.Auditor);
        var sessions = rig.One.Services.GetRequiredService<SessionsAdmin>();
        var (first, second, other) = (await rig.BeginAsync(rig.One, key), await rig.BeginAsync(rig.Two, key), await rig.BeginAsync(rig.Two, bens));
        var rows = await rig.RowsAsync(ana);

        var seen = (await sessions.ListAsync(auditor, Stop))!;
        Assert.Equal((3, 3, false), (seen.Sessions.Count, seen.Open, seen.MayEnd));
        Assert.Null(await sessions.EndAsync(auditor, rows[0].Id, Stop));
        Assert.Null(await sessions.EndAllAsync(auditor, ana, Stop));
        Assert.Null(await sessions.ListAsync(ben, Stop));
        Assert.Null(await sessions.EndAsync(ben, rows[0].Id, Stop));
        Assert.Null(await sessions.EndAllAsync(ben, ana, Stop));
        Assert.All(await rig.RowsAsync(ana), row => Assert.Null(row.EndedAt));

        Assert.True(await sessions.EndAsync(admin, rows[0].Id, Stop));
        Assert.False(await sessions.EndAsync(admin, rows[0].Id, Stop));
        Assert.False(await sessions.EndAsync(admin, ClientSessionId.New(), Stop));
        await CallRig.UntilAsync(async () => await first.PingAsync(Stop) == HttpStatusCode.NotFound, "The session lives on.", Deadline);
        Assert.Equal(HttpStatusCode.OK, await second.PingAsync(Stop));
        Assert.Equal(1, await sessions.EndAllAsync(admin, ana, Stop));
        await CallRig.UntilAsync(async () => await second.PingAsync(Stop) == HttpStatusCode.NotFound, "The session on the other node lives on.", Deadline);
        Assert.Equal(HttpStatusCode.OK, await other.PingAsync(Stop));
        Assert.All(await rig.RowsAsync(ana), row => Assert.Equal((SessionEnd.Admin, admin), (row.EndReason, row.EndedBy)));
        Assert.Equal(2L, await rig.Gateway.Calls.SqlAsync($"select count(*) from audit_entries where action = 'SessionEnded' and actor_id = '{admin}' and concerns_user_id = '{ana}'"));
    }

    [Fact]
    public async Task AZ_9_Sessions_end_with_what_they_were_begun_with_and_not_with_anything_else()
    {
        await using var rig = await SessionRig.StartAsync(cluster);
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var client = await rig.BeginAsync(rig.Two, key);
        var stream = await client.StreamAsync(Stop);
        var other = await rig.BeginAsync(rig.Two, await rig.Gateway.KeyAsync(ana));

        Assert.True(await rig.One.Services.GetRequiredService<AccessKeys>().RevokeAsync(ana, (await rig.RowsAsync(ana))[0].AccessKeyId!, Actor.Page(ana), Stop));

        await stream.WaitAsync(TimeSpan.FromSeconds(Deadline), Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, await client.PingAsync(Stop));
        await rig.UntilAsync(ana, rows => rows[0].EndReason == SessionEnd.AccessChanged, "The end was not written.");
        Assert.Equal(HttpStatusCode.OK, await other.PingAsync(Stop));
        Assert.Null((await rig.RowsAsync(ana))[1].EndedAt);
    }

    [Fact]
    public async Task A_node_that_stops_ends_its_sessions_and_says_so()
    {
        await using var rig = await SessionRig.StartAsync(cluster);
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var kept = await rig.BeginAsync(rig.One, key);
        var client = await rig.BeginAsync(rig.Two, key);
        var stream = await client.StreamAsync(Stop);

        rig.TwoIsStopped = true;
        await rig.Two.DisposeAsync();

        await stream.WaitAsync(TimeSpan.FromSeconds(5), Stop);
        Assert.Equal([null, SessionEnd.NodeStopped], (await rig.RowsAsync(ana)).Select(row => row.EndReason));
        Assert.Equal(HttpStatusCode.OK, await kept.PingAsync(Stop));

        // Its client finds no session at the other node, and begins one there.
        var again = rig.At(rig.One, key);
        again.Session = client.Session;
        Assert.Equal(HttpStatusCode.NotFound, await again.PingAsync(Stop));
        again.Session = null;
        await again.BeginAsync(Stop);
    }

    [Fact]
    public async Task A_node_that_is_taken_for_gone_and_is_there_after_all_gives_its_sessions_up()
    {
        await using var rig = await SessionRig.StartAsync(cluster);
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var kept = await rig.BeginAsync(rig.One, key);
        var client = await rig.BeginAsync(rig.Two, key);
        var sweeper = rig.One.Services.GetRequiredService<ClientSessionSweeper>();

        await sweeper.SweepAsync(Stop);
        Assert.All(await rig.RowsAsync(ana), row => Assert.Null(row.EndedAt));
        await rig.Gateway.Calls.SqlAsync("update nodes set seen_at = now() - interval '2 minutes' where id = (select node_id from mcp_sessions order by id desc limit 1); update mcp_sessions set created_at = now() - interval '5 minutes'");
        await sweeper.SweepAsync(Stop);

        Assert.Equal([null, SessionEnd.NodeGone], (await rig.RowsAsync(ana)).Select(row => row.EndReason));
        await CallRig.UntilAsync(async () => await client.PingAsync(Stop) == HttpStatusCode.NotFound, "A session that the registry gave up lives on.", Deadline);
        Assert.Equal(HttpStatusCode.OK, await kept.PingAsync(Stop));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_becomes_of_a_users_keys_while_a_session_begins_ends_it_only_if_it_was_its_own(bool revoked)
    {
        await using var rig = await SessionRig.StartAsync(cluster);
        var (_, key, _) = await rig.Gateway.PersonAsync("ana");
        await using var source = NpgsqlDataSource.Create(rig.One.Database.Owner);
        await using var connection = await source.OpenConnectionAsync(Stop);
        await using var holding = await connection.BeginTransactionAsync(Stop);
        await using var command = new NpgsqlCommand("lock table mcp_sessions in exclusive mode", connection, holding);
        await command.ExecuteNonQueryAsync(Stop);
        var client = rig.At(rig.One, key);
        var beginning = client.TryBeginAsync(Stop);
        await CallRig.UntilAsync(async () => (long)(await rig.Gateway.Calls.SqlAsync("select count(*) from pg_locks where not granted and relation = 'mcp_sessions'::regclass"))! > 0, "Nobody waits to enter a session.");

        await rig.Gateway.Calls.SqlAsync($"{(revoked ? "update access_keys set revoked_at = now();" : "")} insert into invalidations (kind, subject) select {(int)InvalidationKind.AccessKeys}, id from users");
        await Task.Delay(TimeSpan.FromSeconds(3), Stop);
        await holding.CommitAsync(Stop);

        // What came with a revoked key may be cut off before anything is answered.
        var status = await Record.ExceptionAsync(() => beginning) is null ? (await beginning).Status : HttpStatusCode.NotFound;
        Assert.Equal(revoked ? HttpStatusCode.NotFound : HttpStatusCode.OK, status);
        var sessions = rig.One.Services.GetRequiredService<GatewaySessions>().Table;
        await CallRig.UntilAsync(() => Task.FromResult(sessions.List().Count == (revoked ? 0 : 1)), "The session did not end, or ended.", Deadline);
    }

    [Fact]
    public async Task A_node_without_news_asks_the_registry()
    {
        await using var rig = await SessionRig.StartAsync(cluster);
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var client = await rig.BeginAsync(rig.Two, key);
        Assert.Equal(HttpStatusCode.OK, await client.PingAsync(Stop));

        // As if nothing were published: the row alone says that it is over.
        await rig.Gateway.Calls.SqlAsync("update mcp_sessions set ended_at = now(), end_reason = 4");
        Assert.Equal(HttpStatusCode.OK, await client.PingAsync(Stop));
        await rig.Gateway.Calls.SqlAsync("alter table invalidations rename to invalidations_away");
        try
        {
            await CallRig.UntilAsync(async () => await client.PingAsync(Stop) == HttpStatusCode.NotFound, "Without news the session is still taken for open.");
        }
        finally
        {
            await rig.Gateway.Calls.SqlAsync("alter table invalidations_away rename to invalidations");
        }

        Assert.Equal(SessionEnd.Owner, Assert.Single(await rig.RowsAsync(ana)).EndReason);
    }

    private static async Task<UserId> AddAsync(PortalHost portal, Roles roles)
    {
        await using var scope = await portal.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop);
        var user = new User { DisplayName = roles.ToString(), GrantedRoles = roles };
        scope.Db.Users.Add(user);
        await scope.CommitAsync(Stop);
        return user.Id;
    }
}
