using McpPortal.Data;
using Npgsql;

namespace McpPortal.Tests.Rig;

public sealed class PostgresClusterTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_database_is_fresh_and_migrated()
    {
        await using var first = await cluster.CreateAsync(Stop);
        await using var second = await cluster.CreateAsync(Stop);

        await RunAsync(first.System, "insert into invalidations (kind, subject, at) select 0, gen_random_uuid(), now()");

        Assert.Equal(1L, await RunAsync(first.System, "select count(*) from invalidations"));
        Assert.Equal(0L, await RunAsync(second.System, "select count(*) from invalidations"));
        Assert.False(await Migrator.IsBehindAsync(first.Options, Stop));
    }

    [Fact]
    public async Task Neither_role_may_bypass_row_security()
    {
        await using var database = await cluster.CreateAsync(Stop);

        Assert.Equal(0L, await RunAsync(database.Owner,
            "select count(*) from pg_roles where rolname in ('portal_app', 'portal_system', 'portal_owner') and (rolbypassrls or rolsuper)"));
        Assert.Equal("portal_app", await RunAsync(database.App, "select current_user::text"));
        Assert.Equal("portal_system", await RunAsync(database.System, "select current_user::text"));
    }

    [Fact]
    public async Task A_disposed_database_is_gone()
    {
        var database = await cluster.CreateEmptyAsync(Stop);
        await database.DisposeAsync();

        var error = await Assert.ThrowsAsync<PostgresException>(() => RunAsync(database.Owner, "select 1"));
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, error.SqlState);
    }

    private static async Task<object?> RunAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }
}
