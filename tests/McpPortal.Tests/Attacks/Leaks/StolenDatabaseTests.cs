using System.Text;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Tests.Servers;
using McpPortal.Tests.Vault;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace McpPortal.Tests.Attacks.Leaks;

/// <summary>The database as a thief has it: tables, files and write-ahead log, without the root key.</summary>
public sealed class StolenDatabaseTests(PostgresCluster cluster) : IAsyncLifetime
{
    private readonly string _secret = Canary.New("api key");
    private PortalServices _portal = null!;
    private UserId _ana;
    private UserId _ben;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop);
        (_ana, _ben) = (await _portal.AddUserAsync("ana"), await _portal.AddUserAsync("ben"));
        await _portal.AddAsync(Drafts.Http("demo", needs: Drafts.ApiKey));
    }

    public ValueTask DisposeAsync() => _portal.DisposeAsync();

    [Fact]
    public async Task LEAK_11_Files_and_log_of_the_database_hold_no_secret_and_equal_secrets_look_different()
    {
        await SetAsync(_ana, _secret);
        await SetAsync(_ben, _secret);
        await SetAsync(_ben, _secret);
        var (files, bytes) = await FilesAsync();

        Assert.InRange(bytes, 1_000_000, long.MaxValue);
        Assert.Empty(files.Leaks());
        var records = await RecordsAsync();
        Assert.Equal(2, records.Count);
        Assert.DoesNotContain(Windows(records[0]), window => records[1].Contains(window, StringComparison.Ordinal));
        Assert.DoesNotContain(Windows(records[0]), window => Convert.ToHexString(Encoding.UTF8.GetBytes(_secret)).Contains(window, StringComparison.OrdinalIgnoreCase));

        // The search does find what stands in the same files.
        await using (var scope = await _portal.Database.ForSystemAsync(Stop))
        {
            (await scope.Db.Users.SingleAsync(user => user.Id == _ana, Stop)).DisplayName = "cleartext";
            await scope.CommitAsync(Stop);
        }

        var name = new CanaryScan();
        name.Watch("the name", "cleartext");
        await HearFilesAsync(name);
        Assert.NotEmpty(name.Leaks());
    }

    [Fact]
    public async Task LEAK_12_A_deleted_secret_leaves_the_tables_and_without_the_owners_key_nothing_of_its_owner_opens()
    {
        var server = await SetAsync(_ana, _secret);
        var record = Assert.Single(await RecordsAsync());
        var generation = (long)(await _portal.ScalarAsync(db => db.System, "select generation from secrets"))!;
        Assert.True(await _portal.Get<SecretStore>().DeleteAsync(_ana, server, "api-key", Actor.Page(_ana), Stop));

        var tables = await DatabaseText.ReadAsync(cluster.ConnectionString(PostgresCluster.Superuser, _portal.TestDatabase.Name));
        Assert.DoesNotContain(record[^64..], tables, StringComparison.OrdinalIgnoreCase);

        // What pages, write-ahead log and backups still hold opens with the owner's key only: with that gone it is noise.
        var stolen = new Secret { OwnerKind = OwnerKind.User, OwnerId = _ana.Value, ServerId = server.Id, Name = "api-key", Destination = server.Destination, Generation = generation, Value = Protected.FromRecord(Convert.FromHexString(record)) };
        using (var plaintext = await OpenAsync(_portal.Get<SecretVault>(), stolen))
        {
            Assert.Equal(_secret, plaintext.Reveal());
        }

        await _portal.ScalarAsync(db => db.System, $"delete from owner_keys where owner_id = '{_ana}'");
        await using var thief = new VaultNode(_portal.TestDatabase.Options, new VaultNode.GivenRootKey(await File.ReadAllTextAsync(_portal.RootKey, Stop)));
        await thief.Ring.OpenAsync(Stop);
        await Assert.ThrowsAsync<UndecryptableException>(async () => (await OpenAsync(thief.Vault, stolen)).Dispose());
    }

    [Fact]
    public async Task LEAK_13_An_audit_row_says_who_did_what_and_can_neither_hold_a_value_nor_forge_a_line()
    {
        const string Forged = "x\r\n2026-01-01 admin granted\u001b[2K\u001b[31m\u202e\0";
        await SetAsync(_ana, _secret);
        await using (var scope = await _portal.Database.ForUserAsync(_ana, Stop))
        {
            _portal.Get<AuditLog>().Record(scope, AuditAction.ConnectionLabelled, new Actor(_ana, "page"), "connection", Forged, details: [("label", Forged), (Forged, "x")]);
            await scope.CommitAsync(Stop);
        }

        var rows = new List<string>();
        await using (var source = NpgsqlDataSource.Create(_portal.TestDatabase.System))
        await using (var command = source.CreateCommand("select concat_ws(' ', at, actor_id, via, action, subject_kind, subject_id, details) from audit_entries where action in ('SecretSet', 'ConnectionLabelled') order by at"))
        await using (var reader = await command.ExecuteReaderAsync(Stop))
        {
            while (await reader.ReadAsync(Stop))
            {
                rows.Add(reader.GetString(0));
            }
        }

        Assert.Equal(2, rows.Count);
        Assert.All(rows, row => Assert.Contains(_ana.ToString(), row, StringComparison.Ordinal));
        Assert.All(rows, row => Assert.False(CanaryScan.Holds(row), row));
        Assert.All(rows, row => Assert.DoesNotContain(row, character => char.IsControl(character) || character == '\u202e'));
    }

    private static ValueTask<Plaintext> OpenAsync(SecretVault vault, Secret secret) => vault.UnprotectAsync(Bindings.Secret(secret), secret.Value, Stop);

    private async Task<ServerSnapshot> SetAsync(UserId user, string value)
    {
        var server = await _portal.FindAsync(user, "demo");
        Assert.IsType<SecretEditResult.Saved>(await _portal.Get<SecretStore>().SetAsync(user, server, "api-key", value, Actor.Page(user), Stop));
        return server;
    }

    /// <summary>The stored records as hex, header included.</summary>
    private async Task<IReadOnlyList<string>> RecordsAsync() =>
        ((string)(await _portal.ScalarAsync(db => db.System, "select string_agg(encode(value, 'hex'), ' ') from secrets"))!).Split(' ');

    private static IEnumerable<string> Windows(string record)
    {
        // Behind the header of magic, version, algorithm, flags and the id of the owner's key.
        const int Header = (3 + 1 + 1 + 1 + 16) * 2;
        for (var at = Header; at + 12 <= record.Length; at += 2)
        {
            yield return record.Substring(at, 12);
        }
    }

    private async Task<(CanaryScan Scan, long Bytes)> FilesAsync()
    {
        var scan = new CanaryScan();
        return (scan, await HearFilesAsync(scan));
    }

    private async Task<long> HearFilesAsync(CanaryScan scan)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString(PostgresCluster.Superuser, _portal.TestDatabase.Name) + ";Pooling=false");
        await connection.OpenAsync(Stop);
        await using var command = new NpgsqlCommand("checkpoint; select oid || ' ' || pg_walfile_name(pg_current_wal_lsn()) from pg_database where datname = current_database()", connection);
        var (database, log) = ((string)(await command.ExecuteScalarAsync(Stop))!).Split(' ') is [var first, var second] ? (first, second) : throw new InvalidOperationException();
        var data = Path.Combine(cluster.SocketFolder, "data");
        var bytes = 0L;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(data, "base", database)).Append(Path.Combine(data, "pg_wal", log)))
        {
            var text = await File.ReadAllTextAsync(file, Encoding.Latin1, Stop);
            bytes += text.Length;
            scan.Hear(file, text);
        }

        return bytes;
    }
}
