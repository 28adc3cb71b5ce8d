using McpPortal.Data;
using McpPortal.Tests.Rig;
using Npgsql;

namespace McpPortal.Tests.Attacks.Database;

public sealed class MigrationTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DB_7_A_migration_that_was_cut_off_anywhere_is_finished_by_the_next()
    {
        await using var whole = await cluster.CreateAsync(Stop);
        var wanted = await SchemaAsync(whole);
        await using var database = await cluster.CreateEmptyAsync(Stop);
        var port = new NpgsqlConnectionStringBuilder(database.Owner).Port;
        await using var hop = new FaultProxy(port);
        var through = new NpgsqlConnectionStringBuilder(database.Owner) { Port = hop.Port, Pooling = false };
        var options = new DatabaseOptions { App = database.App, System = database.System, Migrate = through.ConnectionString };
        var cuts = 0;
        foreach (var bytes in (long[])[500, 3_000, 8_000, 16_000, 24_000, 32_000, 45_000, 60_000])
        {
            hop.CutAfter(bytes);
            if (await Record.ExceptionAsync(() => Migrator.MigrateAsync(options, Stop)) is { } fault)
            {
                Assert.True(DatabaseFault.IsUnavailable(fault), $"{fault}");
                cuts++;
            }
        }

        Assert.True(cuts >= 4, $"Only {cuts} migrations were cut off.");
        hop.Pass();
        await Migrator.MigrateAsync(options, Stop);
        Assert.False(await Migrator.IsBehindAsync(options, Stop));
        Assert.Equal(wanted, await SchemaAsync(database));
    }

    private static async Task<string?> SchemaAsync(TestDatabase database)
    {
        await using var source = NpgsqlDataSource.Create(database.Owner);
        await using var command = source.CreateCommand("""
            select string_agg(line, e'\n' order by line) from (
              select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable as line from information_schema.columns where table_schema = 'public'
              union all select tablename || ' policy ' || policyname from pg_policies
              union all select indexdef from pg_indexes where schemaname = 'public'
              union all select grantee || ' may ' || privilege_type || ' ' || table_name from information_schema.role_table_grants where table_schema = 'public') lines
            """);
        return (string?)await command.ExecuteScalarAsync(Stop);
    }
}
