using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace McpPortal.Tests.Data;

public sealed class ModelTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Neither_database_has_pending_model_changes()
    {
        using var postgres = Postgres();
        using var sqlServer = SqlServer();

        Assert.False(postgres.Database.HasPendingModelChanges(), "Run 'dotnet ef migrations add' for PostgreSQL.");
        Assert.False(sqlServer.Database.HasPendingModelChanges(), "Run 'dotnet ef migrations add' for SQL Server.");
    }

    [Fact]
    public void Every_table_says_who_may_touch_it()
    {
        using var db = Postgres();
        var tables = RowSecurity.Tables(db.Model);

        Assert.Equal(db.Model.GetEntityTypes().Count(), tables.Count);
        Assert.All(tables.Where(t => t.Access is TableAccess.OwnRows or TableAccess.OwnRowsReadOnly or TableAccess.AppendAsSelf), t => Assert.Contains(t.UserColumn, Columns(db, t.Name)));
        Assert.All(tables.Where(t => t.Access is TableAccess.OwnedRows), t => Assert.Superset(new HashSet<string> { "owner_kind", "owner_id" }, Columns(db, t.Name)));

        // A table with an owner that everybody may read would be a leak nobody declared.
        Assert.All(
            tables.Where(t => t.Access is TableAccess.ReadAll or TableAccess.AppendAll),
            t => Assert.Empty(Columns(db, t.Name).Intersect(["user_id", "owner_id", "actor_id"])));
    }

    [Fact]
    public void Every_encrypted_column_is_one_that_the_verification_of_keys_opens()
    {
        using var db = Postgres();
        var encrypted = db.Model.GetEntityTypes()
            .SelectMany(entity => entity.GetProperties().Where(p => p.ClrType == typeof(Protected)).Select(p => $"{entity.GetTableName()}.{p.GetColumnName()}"))
            .Order(StringComparer.Ordinal);

        Assert.Equal(encrypted, McpPortal.Cli.RecordVerifier.CoveredColumns.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_sql_server_script_binds_every_table_that_belongs_to_somebody()
    {
        using var db = SqlServer();
        var create = db.Database.GenerateCreateScript();
        var tables = RowSecurity.Tables(db.Model);
        var statements = SqlServerRowSecurity.Statements(db.Model).ToList();

        Assert.All(tables, t => Assert.Contains($"CREATE TABLE [{t.Name}]", create, StringComparison.Ordinal));
        Assert.DoesNotContain("nvarchar(max)] NOT NULL PRIMARY", create, StringComparison.Ordinal);
        foreach (var table in tables)
        {
            var policy = statements.SingleOrDefault(s => s.StartsWith($"create security policy portal.{table.Name}_policy", StringComparison.Ordinal));
            var grants = statements.Where(s => s.EndsWith($" on dbo.{table.Name} to portal_app", StringComparison.Ordinal)).ToList();
            var bound = table.Access is TableAccess.OwnRows or TableAccess.OwnedRows or TableAccess.OwnRowsReadOnly or TableAccess.AppendAsSelf;
            Assert.Equal(bound, policy is not null);
            Assert.Equal(table.Access is not TableAccess.SystemOnly, grants.Count == 1);
            if (table.Access is TableAccess.OwnRows or TableAccess.OwnedRows or TableAccess.AppendAsSelf)
            {
                Assert.All(["after insert", "before update", "after update", "before delete"], door => Assert.Contains(door, policy!, StringComparison.Ordinal));
            }

            if (table.Access is TableAccess.OwnRowsReadOnly or TableAccess.ReadAll)
            {
                Assert.StartsWith("grant select on", grants.Single(), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Both_databases_have_a_script_of_all_migrations()
    {
        using var postgres = Postgres();
        using var sqlServer = SqlServer();

        foreach (var db in (PortalDb[])[postgres, sqlServer])
        {
            var script = db.Database.GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.Idempotent);
            Assert.All(RowSecurity.Tables(db.Model), t => Assert.Matches($"""CREATE TABLE [\["]?{t.Name}[\]"]? """, script));
        }
    }

    [Fact]
    public async Task Migrating_twice_changes_nothing()
    {
        await using var database = await cluster.CreateEmptyAsync(Stop);
        await Migrator.MigrateAsync(database.Options, Stop);
        var before = await ShapeAsync(database);
        await Migrator.MigrateAsync(database.Options, Stop);

        Assert.Equal(before, await ShapeAsync(database));
        Assert.False(await Migrator.IsBehindAsync(database.Options, Stop));
    }

    [Fact]
    public async Task Of_two_writers_of_a_connection_or_a_secret_one_loses()
    {
        await using var portal = await PortalServices.CreateAsync(cluster, Stop);
        var ana = await portal.AddUserAsync("ana");
        var vault = portal.Get<SecretVault>();
        await using (var scope = await portal.Database.ForSystemAsync(Stop))
        {
            var provider = new Provider { Slug = "p", Name = "P", AuthorizationEndpoint = "https://p/a", TokenEndpoint = "https://p/t", ClientId = "c" };
            var server = new Server { Slug = "s", Name = "S", Destination = "https://s:443" };
            scope.Db.AddRange(provider, server);
            scope.Db.Connections.Add(new Connection { OwnerId = ana.Value, ProviderId = provider.Id, AccountId = "1", Account = "ana@p", ClientId = "c" });
            var secret = new Secret { OwnerId = ana.Value, ServerId = server.Id, Name = "n", Destination = "https://s:443", Value = null! };
            secret.Value = await vault.ProtectAsync(Bindings.Secret(secret), "v", Stop);
            scope.Db.Secrets.Add(secret);
            await scope.CommitAsync(Stop);
        }

        await LosesAsync(db => db.Connections.SingleAsync(Stop), c => c.Generation++);
        await LosesAsync(db => db.Secrets.SingleAsync(Stop), s => s.Generation++);

        async Task LosesAsync<T>(Func<PortalDb, Task<T>> find, Action<T> change)
        {
            await using var first = await portal.Database.ForUserAsync(ana, Stop);
            change(await find(first.Db));
            await using (var second = await portal.Database.ForUserAsync(ana, Stop))
            {
                change(await find(second.Db));
                await second.CommitAsync(Stop);
            }

            await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => first.CommitAsync(Stop));
        }
    }

    private static HashSet<string> Columns(PortalDb db, string table) =>
        [.. db.Model.GetEntityTypes().Single(e => e.GetTableName() == table).GetProperties().Select(p => p.GetColumnName())];

    /// <summary>Tables, columns, policies, grants and triggers as text.</summary>
    private static async Task<string> ShapeAsync(TestDatabase database)
    {
        await using var source = NpgsqlDataSource.Create(database.Owner);
        await using var command = source.CreateCommand("""
            select string_agg(line, E'\n' order by line) from (
              select format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) as line from information_schema.columns where table_schema = 'public'
              union all select format('policy %s.%s %s %s %s %s', tablename, policyname, roles, cmd, qual, with_check) from pg_policies
              union all select format('grant %s %s %s', table_name, grantee, privilege_type) from information_schema.role_table_grants where table_schema = 'public'
              union all select format('trigger %s %s', event_object_table, trigger_name) from information_schema.triggers
              union all select format('rls %s %s', relname, relrowsecurity) from pg_class where relnamespace = 'public'::regnamespace) shape
            """);
        return (string)(await command.ExecuteScalarAsync(Stop))!;
    }

    private static PostgresPortalDb Postgres() => new(new DbContextOptionsBuilder<PostgresPortalDb>().UseNpgsql("Host=localhost").Options);

    private static SqlServerPortalDb SqlServer() => new(new DbContextOptionsBuilder<SqlServerPortalDb>().UseSqlServer("Server=localhost").Options);
}
