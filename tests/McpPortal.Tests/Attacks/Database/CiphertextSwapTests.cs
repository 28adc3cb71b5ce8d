using McpPortal.Cli;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Vault;
using Npgsql;

namespace McpPortal.Tests.Attacks.Database;

/// <summary>Somebody who can write the database puts every credential into the place of every other one.</summary>
public sealed class CiphertextSwapTests(PostgresCluster cluster) : IAsyncLifetime
{
    private const int KindsInARound = 7;
    private static readonly string Planted = Canary.New("swapped");

    private PortalServices _portal = null!;
    private NpgsqlDataSource _sql = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop);
        _sql = NpgsqlDataSource.Create(_portal.TestDatabase.Owner);
    }

    public async ValueTask DisposeAsync()
    {
        await _sql.DisposeAsync();
        await _portal.DisposeAsync();
    }

    [Fact]
    public async Task DB_8_No_credential_opens_in_the_place_of_any_other()
    {
        await FillAsync(SoakSize.Of(30, 100));
        var records = await ReadAsync();
        var n = records.Count;
        Assert.InRange(n, SoakSize.Of(30, 100), SoakSize.Of(40, 110));
        Assert.Equal((n, 0), await VerifyAsync());

        // After n - 1 turns of the ring each record has lain once in the place of each other.
        for (var turn = 1; turn < n; turn++)
        {
            await PlaceAsync(records.Select((record, i) => record with { Bytes = records[(i + turn) % n].Bytes }));
            Assert.Equal((0, n), await VerifyAsync());
        }

        // Two that changed places harm nobody else, and back in their own everything is as it was.
        await PlaceAsync(records.Select((record, i) => i < 2 ? record with { Bytes = records[1 - i].Bytes } : record));
        Assert.Equal((n - 2, 2), await VerifyAsync());
        await PlaceAsync(records);
        Assert.Equal((n, 0), await VerifyAsync());
    }

    /// <summary>Records of all kinds: users', a group's, the organisation's and the system's, of two people at two servers.</summary>
    private async Task FillAsync(int atLeast)
    {
        var (ana, ben) = (await _portal.AddUserAsync("ana"), await _portal.AddUserAsync("ben"));
        var group = await _portal.AddGroupAsync("team", ana, ben);
        var vault = _portal.Get<SecretVault>();
        await using var scope = await _portal.Database.ForSystemAsync(Stop);
        var servers = new[] { "one", "two" }.Select(slug => new Server { Slug = slug, Name = slug, Destination = "https://s:443" }).ToArray();
        scope.Db.AddRange(servers);
        for (var round = 0; round * KindsInARound < atLeast; round++)
        {
            var user = round % 2 == 0 ? ana : ben;
            var server = servers[round / 2 % 2];
            var provider = new Provider { Slug = $"p{round}", Name = "P", AuthorizationEndpoint = "https://p/a", TokenEndpoint = "https://p/t", ClientId = "c" };
            provider.ClientSecret = await ProtectAsync(Bindings.ClientSecret(provider));
            var connection = new Connection { OwnerId = user.Value, ProviderId = provider.Id, AccountId = $"{round}", Account = "a", ClientId = "c" };
            (connection.AccessToken, connection.RefreshToken) = (await ProtectAsync(Bindings.AccessToken(connection)), await ProtectAsync(Bindings.RefreshToken(connection)));
            var own = new Secret { OwnerId = user.Value, ServerId = server.Id, Name = $"n{round}", Destination = server.Destination, Value = null! };
            own.Value = await ProtectAsync(Bindings.Secret(own));
            var shared = round % 2 == 0
                ? new Secret { OwnerKind = OwnerKind.Group, OwnerId = group.Value, ServerId = server.Id, Name = $"n{round}", Destination = server.Destination, Value = null! }
                : new Secret { OwnerKind = OwnerKind.Organisation, OwnerId = Owner.Organisation.Id, ServerId = server.Id, Name = $"n{round}", Destination = server.Destination, Value = null! };
            shared.Value = await ProtectAsync(Bindings.Secret(shared));
            var pending = PendingConnectId.New();
            var order = Guid.CreateVersion7();
            scope.Db.AddRange(
                provider,
                connection,
                own,
                shared,
                new PendingConnect
                {
                    Id = pending,
                    StateHash = System.Security.Cryptography.RandomNumberGenerator.GetBytes(32),
                    UserId = user,
                    ProviderId = provider.Id,
                    Verifier = await ProtectAsync(Bindings.Verifier(pending, user)),
                    RedirectUri = "https://portal/callback",
                    ReturnPath = "/",
                },
                new OutboxItem
                {
                    Id = order,
                    Kind = "revoke",
                    OwnerKind = OwnerKind.User,
                    OwnerId = user.Value,
                    Payload = await ProtectAsync(new SecretBinding(SecretKind.Revocation, Owner.Of(user), order, "revoke", 1)),
                });
        }

        await scope.CommitAsync(Stop);

        ValueTask<Protected> ProtectAsync(SecretBinding binding) => vault.ProtectAsync(binding, Planted, Stop);
    }

    private async Task<List<Record>> ReadAsync()
    {
        var records = new List<Record>();
        foreach (var covered in RecordVerifier.CoveredColumns)
        {
            var (table, column) = (covered.Split('.')[0], covered.Split('.')[1]);
            await using var command = _sql.CreateCommand($"select id, {column} from {table} where {column} is not null order by id");
            await using var reader = await command.ExecuteReaderAsync(Stop);
            while (await reader.ReadAsync(Stop))
            {
                records.Add(new Record(table, column, reader.GetGuid(0), await reader.GetFieldValueAsync<byte[]>(1, Stop)));
            }
        }

        Assert.Equal(RecordVerifier.CoveredColumns.Count, records.Select(record => (record.Table, record.Column)).Distinct().Count());
        return records;
    }

    private async Task PlaceAsync(IEnumerable<Record> records)
    {
        await using var batch = _sql.CreateBatch();
        foreach (var record in records)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand($"update {record.Table} set {record.Column} = $1 where id = $2") { Parameters = { new() { Value = record.Bytes }, new() { Value = record.Id } } });
        }

        await batch.ExecuteNonQueryAsync(Stop);
    }

    /// <summary>What <c>portal keys verify</c> counts: readable, and not readable.</summary>
    private async Task<(int Good, int Bad)> VerifyAsync()
    {
        var report = await new RecordVerifier(_portal.Database, _portal.Get<SecretVault>()).VerifyAsync(Stop);
        Assert.Equal(report.Failures.Count, report.Columns.Sum(column => column.Bad));
        Assert.All(report.Failures, line => Assert.DoesNotContain(Planted, line, StringComparison.Ordinal));
        return (report.Columns.Sum(column => column.Good), report.Columns.Sum(column => column.Bad));
    }

    private sealed record Record(string Table, string Column, Guid Id, byte[] Bytes);
}
