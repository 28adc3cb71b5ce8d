using McpPortal.Data;
using Microsoft.Data.SqlClient;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Data;

/// <summary>The same promises on a real SQL Server; runs when <c>MCPPORTAL_TEST_SQLSERVER</c> names one to an administrator's account.</summary>
public sealed class SqlServerTests
{
    private const string Variable = "MCPPORTAL_TEST_SQLSERVER";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrations_run_twice_and_users_see_only_their_own()
    {
        var server = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(server), $"{Variable} is not set.");
        var name = $"portal_test_{Guid.NewGuid():n}";
        var password = $"A1!{Guid.NewGuid():n}";
        var admin = new SqlConnectionStringBuilder(server) { InitialCatalog = "master", PoolBlockingPeriod = PoolBlockingPeriod.NeverBlock };
        var options = new DatabaseOptions
        {
            Provider = DatabaseKind.SqlServer,
            Migrate = new SqlConnectionStringBuilder(admin.ConnectionString) { InitialCatalog = name }.ConnectionString,
            App = As($"{name}_app"),
            System = As($"{name}_system"),
        };
        try
        {
            await Migrator.MigrateAsync(options, Stop);
            await Migrator.MigrateAsync(options, Stop);
            Assert.False(await Migrator.IsBehindAsync(options, Stop));
            foreach (var role in (string[])["app", "system"])
            {
                await ExecuteAsync(admin.ConnectionString, $"create login {name}_{role} with password = '{password}'");
                await ExecuteAsync(options.Migrate!, $"create user {name}_{role} for login {name}_{role}; alter role portal_{role} add member {name}_{role}");
            }

            await using var database = new PortalDatabase(options);
            var (ana, ben) = (UserId.New(), UserId.New());
            await using (var scope = await database.ForSystemAsync(Stop))
            {
                scope.Db.Users.AddRange(new User { Id = ana, DisplayName = "ana" }, new User { Id = ben, DisplayName = "ben" });
                scope.Db.Servers.AddRange(OwnedBy(Owner.Of(ana)), OwnedBy(Owner.Of(ben)), OwnedBy(Owner.Organisation));
                await scope.CommitAsync(Stop);
            }

            foreach (var user in (UserId[])[ana, ben, ana])
            {
                await using var scope = await database.ForUserAsync(user, Stop);
                Assert.Equal([user], await scope.Db.Users.Select(u => u.Id).ToListAsync(Stop));
                Assert.Equal(2, await scope.Db.Servers.CountAsync(Stop));
                Assert.Equal(0, await scope.Db.Servers.Where(s => s.OwnerKind == OwnerKind.User && s.OwnerId != user.Value).ExecuteDeleteAsync(Stop));
            }

            await using (var scope = await database.ForUserAsync(ana, Stop))
            {
                scope.Db.Servers.Add(OwnedBy(Owner.Of(ben)));
                await Assert.ThrowsAsync<DbUpdateException>(() => scope.CommitAsync(Stop));
            }

            await using (var scope = await database.ForUserAsync(ana, Stop))
            {
                await Assert.ThrowsAsync<SqlException>(() => scope.Db.KeyRing.CountAsync(Stop));
            }
        }
        finally
        {
            SqlConnection.ClearAllPools();
            await ExecuteAsync(admin.ConnectionString, $"alter database {name} set single_user with rollback immediate; drop database {name}");
            await ExecuteAsync(admin.ConnectionString, $"if suser_id('{name}_app') is not null drop login {name}_app; if suser_id('{name}_system') is not null drop login {name}_system");
        }

        string As(string login) => new SqlConnectionStringBuilder(admin.ConnectionString) { InitialCatalog = name, UserID = login, Password = password, IntegratedSecurity = false }.ConnectionString;
    }

    private static Server OwnedBy(Owner owner) => new() { Slug = "s", Name = "S", OwnerKind = owner.Kind, OwnerId = owner.Id, Destination = "https://s:443" };

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new SqlConnection(connectionString);
        await connection.OpenAsync(CancellationToken.None);
        await using var command = new SqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
