using Npgsql;

namespace McpPortal.Tests.Rig;

public sealed class PgBouncerTests(PostgresCluster cluster)
{
    [Fact]
    public async Task Clients_share_server_connections_and_see_only_the_user_of_their_transaction()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var database = await cluster.CreateAsync(stop);
        await using var pooler = await PgBouncer.StartAsync(cluster, poolSize: 2, stop);
        await using var source = NpgsqlDataSource.Create(pooler.Through(database.App));

        var seen = await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            await using var connection = await source.OpenConnectionAsync(stop);
            await using var transaction = await connection.BeginTransactionAsync(stop);
            var user = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await using var set = new NpgsqlCommand("select set_config('portal.user_id', $1, true)", connection) { Parameters = { new() { Value = user } } };
            await set.ExecuteScalarAsync(stop);
            await using var get = new NpgsqlCommand("select current_setting('portal.user_id', true) || ' ' || pg_backend_pid()", connection);
            var answer = (string)(await get.ExecuteScalarAsync(stop))!;
            await transaction.CommitAsync(stop);
            await using var after = new NpgsqlCommand("select coalesce(nullif(current_setting('portal.user_id', true), ''), 'nobody')", connection);
            return (User: user, Answer: answer.Split(' '), After: (string)(await after.ExecuteScalarAsync(stop))!);
        }));

        Assert.All(seen, s => Assert.Equal(s.User, s.Answer[0]));
        Assert.All(seen, s => Assert.Equal("nobody", s.After));
        Assert.InRange(seen.Select(s => s.Answer[1]).Distinct().Count(), 1, 2);
    }
}
