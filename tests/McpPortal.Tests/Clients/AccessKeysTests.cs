using System.Diagnostics;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace McpPortal.Tests.Clients;

public sealed class AccessKeysTests(PostgresCluster cluster) : IAsyncLifetime
{
    private PortalServices _portal = null!;
    private UserId _ana;
    private UserId _ben;
    private Node _one = null!;
    private Node _two = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop);
        (_ana, _ben) = (await _portal.AddUserAsync("ana"), await _portal.AddUserAsync("ben"));
        (_one, _two) = (await Node.StartAsync(_portal), await Node.StartAsync(_portal));
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        await _portal.DisposeAsync();
    }

    [Fact]
    public async Task A_key_stands_for_its_owner_on_every_node_and_is_kept_only_as_a_keyed_hash()
    {
        var server = ServerId.New();
        var text = await CreateAsync(readOnly: true, servers: [server]);
        foreach (var node in (Node[])[_one, _two, _two])
        {
            var holder = Assert.IsType<KeyHolder>(await node.Keys.VerifyAsync(text, Stop));
            Assert.Equal((_ana, "ana", "laptop", true, server), (holder.User, holder.UserName, holder.KeyName, holder.ReadOnly, Assert.Single(holder.Servers!)));
        }

        var row = (string)(await _portal.ScalarAsync(db => db.System, "select row_to_json(k)::text from access_keys k"))!;
        var audit = (string)(await _portal.ScalarAsync(db => db.System, "select string_agg(row_to_json(a)::text, ',') from audit_entries a"))!;
        Assert.DoesNotContain(text[19..], row + audit, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(text))), row, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_here_at_once_and_on_the_other_node_within_two_seconds()
    {
        var (text, kept) = (await CreateAsync(), await CreateAsync());
        Assert.NotNull(await _one.Keys.VerifyAsync(text, Stop));
        Assert.NotNull(await _two.Keys.VerifyAsync(text, Stop));

        Assert.False(await _one.Keys.RevokeAsync(_ben, IdOf(text), Actor.Page(_ben), Stop));
        Assert.NotNull(await _one.Keys.VerifyAsync(text, Stop));
        var began = Stopwatch.GetTimestamp();
        Assert.True(await _one.Keys.RevokeAsync(_ana, IdOf(text), Actor.Page(_ana), Stop));
        Assert.Null(await _one.Keys.VerifyAsync(text, Stop));
        await RefusedAsync(_two, text, began);

        Assert.False(await _one.Keys.RevokeAsync(_ana, IdOf(text), Actor.Page(_ana), Stop));
        Assert.NotNull(await _two.Keys.VerifyAsync(kept, Stop));
    }

    [Fact]
    public async Task The_keys_of_a_disabled_owner_are_refused_until_the_owner_is_enabled()
    {
        var text = await CreateAsync();
        Assert.NotNull(await _two.Keys.VerifyAsync(text, Stop));
        var users = new Users(_one.Database, new AuditLog(TimeProvider.System), _one.Invalidations, TimeProvider.System);
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(UserChange.Done, await users.DisableAsync(_ana, Actor.CommandLine, Stop));
        Assert.Null(await _one.Keys.VerifyAsync(text, Stop));
        await RefusedAsync(_two, text, began);

        Assert.Equal(UserChange.Done, await users.EnableAsync(_ana, Actor.CommandLine, Stop));
        Assert.NotNull(await _one.Keys.VerifyAsync(text, Stop));
    }

    [Fact]
    public async Task A_wrong_secret_under_a_known_id_is_refused_and_a_key_may_end()
    {
        var text = await CreateAsync();
        var other = AccessKeyText.Generate().Text;
        Assert.NotNull(await _one.Keys.VerifyAsync(text, Stop));
        Assert.Null(await _one.Keys.VerifyAsync(other, Stop));

        // The checksum is no secret: a forger has a right one.
        await using (var scope = await _portal.Database.ForSystemAsync(Stop))
        {
            var (id, forged) = AccessKeyText.Generate();
            scope.Db.AccessKeys.Add(new AccessKey { Id = id, UserId = _ana, Name = "n", Hash = _one.Fingerprints.OfAccessKey("another"u8) });
            await scope.CommitAsync(Stop);
            Assert.Null(await _one.Keys.VerifyAsync(forged, Stop));
        }

        Assert.Null(await _one.Keys.VerifyAsync(await CreateAsync(expiresAt: TimeProvider.System.GetUtcNow().AddMilliseconds(-1)), Stop));
        Assert.NotNull(await _one.Keys.VerifyAsync(await CreateAsync(expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(1)), Stop));
    }

    [Fact]
    public async Task A_node_without_news_asks_the_database()
    {
        var text = await CreateAsync();
        Assert.NotNull(await _two.Keys.VerifyAsync(text, Stop));
        await _two.GoDeafAsync();
        await _one.Keys.RevokeAsync(_ana, IdOf(text), Actor.Page(_ana), Stop);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        while (_two.Invalidations.IsCurrent)
        {
            await Task.Delay(20, deadline.Token);
        }

        Assert.Null(await _two.Keys.VerifyAsync(text, Stop));
    }

    [Fact]
    public async Task What_was_read_before_a_revocation_is_not_remembered_after_it()
    {
        var text = await CreateAsync();
        await using var superuser = NpgsqlDataSource.Create(cluster.ConnectionString("postgres", _portal.TestDatabase.Name));

        // Reading keys takes until the lock is free: the row is the one from before the revocation, the answer comes after it.
        await using var hold = await superuser.OpenConnectionAsync(Stop);
        await ExecuteAsync(hold, """
            create function hold() returns boolean language plpgsql volatile as $$ begin perform pg_advisory_xact_lock_shared(42); return true; end $$;
            alter table access_keys rename to access_keys_held;
            create view access_keys as select * from access_keys_held where hold();
            grant select on access_keys to portal_system;
            select pg_advisory_lock(42);
            """);
        var reading = Task.Run(() => _one.Keys.VerifyAsync(text, Stop).AsTask(), Stop);
        await using (var probe = await superuser.OpenConnectionAsync(Stop))
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            deadline.CancelAfter(TimeSpan.FromSeconds(20));
            while (await ScalarAsync(probe, "select count(*) from pg_locks where locktype = 'advisory' and not granted") is 0L)
            {
                await Task.Delay(10, deadline.Token);
            }

            await ExecuteAsync(probe, "update access_keys_held set revoked_at = now()");
        }

        _one.Invalidations.Dispatch(new Invalidation(InvalidationKind.AccessKeys, _ana.Value));
        await ExecuteAsync(hold, "select pg_advisory_unlock(42)");
        Assert.NotNull(await reading);
        Assert.Null(await _one.Keys.VerifyAsync(text, Stop));
    }

    [Fact]
    public async Task A_user_has_at_most_fifty_keys_and_the_last_use_is_noted()
    {
        var text = await CreateAsync();
        for (var i = 1; i < AccessKeys.MaxPerUser; i++)
        {
            await CreateAsync();
        }

        Assert.Null(await _one.Keys.CreateAsync(_ana, "one too many", false, null, null, Actor.Page(_ana), Stop));
        Assert.NotNull(await _one.Keys.CreateAsync(_ben, "ben's", false, null, null, Actor.Page(_ben), Stop));
        await _one.Keys.RevokeAsync(_ana, IdOf(text), Actor.Page(_ana), Stop);
        var last = await CreateAsync();

        using var uses = new AccessKeyUses(_one.Database, TimeProvider.System, NullLogger<AccessKeyUses>.Instance);
        uses.Note(IdOf(last), "192.0.2.7");
        await uses.WriteAsync(Stop);
        var listed = await _one.Keys.ListAsync(_ana, Stop);
        Assert.Equal(AccessKeys.MaxPerUser, listed.Count);
        Assert.Equal("192.0.2.7", listed.Single(k => k.LastUsedAt is not null).LastUsedFrom);
        Assert.DoesNotContain(listed, k => k.Id == IdOf(text));
    }

    private async Task<string> CreateAsync(bool readOnly = false, IReadOnlyList<ServerId>? servers = null, DateTimeOffset? expiresAt = null) =>
        Assert.IsType<string>(await _one.Keys.CreateAsync(_ana, "laptop", readOnly, servers, expiresAt, Actor.Page(_ana), Stop));

    private static string IdOf(string text) => text.Substring(5, 12);

    private static async Task RefusedAsync(Node node, string text, long began)
    {
        while (await node.Keys.VerifyAsync(text, Stop) is not null)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(2), "The key was still good after two seconds.");
            await Task.Delay(20, Stop);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Stop);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Stop);
    }

    private sealed class Node : IAsyncDisposable
    {
        private readonly InvalidationPoller _poller;

        private Node(PortalServices portal)
        {
            Database = new PortalDatabase(portal.TestDatabase.Options);
            Invalidations = new Invalidations(TimeProvider.System);
            Fingerprints = portal.Get<Fingerprints>();
            Keys = new AccessKeys(Database, Fingerprints, new AuditLog(TimeProvider.System), Invalidations, TimeProvider.System, new SingleUserMode(false));
            _poller = new InvalidationPoller(Database, Invalidations, TimeProvider.System, NullLogger<InvalidationPoller>.Instance);
        }

        public PortalDatabase Database { get; }

        public Invalidations Invalidations { get; }

        public Fingerprints Fingerprints { get; }

        public AccessKeys Keys { get; }

        public static async Task<Node> StartAsync(PortalServices portal)
        {
            var node = new Node(portal);
            await node._poller.StartAsync(Stop);
            return node;
        }

        public Task GoDeafAsync() => _poller.StopAsync(Stop);

        public async ValueTask DisposeAsync()
        {
            await _poller.StopAsync(CancellationToken.None);
            _poller.Dispose();
            await Database.DisposeAsync();
        }
    }
}
