using McpPortal.Data;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Data;

/// <summary>Two people over few shared server connections, through the portal's own scopes.</summary>
public sealed class PooledUsersTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Two_users_interleaved_through_a_transaction_pooler_see_only_their_own(int poolSize)
    {
        await using var test = await cluster.CreateAsync(Stop);
        await using var pooler = await PgBouncer.StartAsync(cluster, poolSize, Stop);
        await using var database = new PortalDatabase(new DatabaseOptions { App = pooler.Through(test.App), System = pooler.Through(test.System), Listen = false });
        var users = new[] { UserId.New(), UserId.New() };
        await using (var scope = await database.ForSystemAsync(Stop))
        {
            scope.Db.Users.AddRange(users.Select(id => new User { Id = id, DisplayName = id.ToString() }));
            await scope.CommitAsync(Stop);
        }

        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Stop }, async (number, stop) =>
        {
            var (me, other) = (users[number % 2], users[(number + 1) % 2]);
            await using var scope = await database.ForAccountAsync(me, stop);
            Assert.Equal([me], await scope.Db.Users.Select(u => u.Id).ToListAsync(stop));
            scope.Db.Servers.Add(new Server { Slug = $"s{number}", Name = "mine", OwnerKind = OwnerKind.User, OwnerId = me.Value, Destination = "https://x:443" });
            Assert.Equal(0, await scope.Db.Servers.Where(s => s.OwnerId == other.Value).ExecuteDeleteAsync(stop));
            if (number % 3 != 0)
            {
                await scope.CommitAsync(stop);
            }
        });

        foreach (var user in users)
        {
            await using var scope = await database.ForAccountAsync(user, Stop);
            var mine = await scope.Db.Servers.ToListAsync(Stop);
            Assert.All(mine, s => Assert.Equal(user.Value, s.OwnerId));
            Assert.InRange(mine.Count, 60, 70);
        }

        // Whoever names nobody gets nothing, whichever server connection the pooler lends.
        await using var nobody = Npgsql.NpgsqlDataSource.Create(pooler.Through(test.App));
        for (var i = 0; i < 10; i++)
        {
            await using var command = nobody.CreateCommand("select count(*) from servers");
            Assert.Equal(0L, await command.ExecuteScalarAsync(Stop));
        }
    }
}
