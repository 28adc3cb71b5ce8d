using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace McpPortal.Data;

/// <summary>Brings the schema, the two roles and row-level security up to date. Safe to run again.</summary>
internal static class Migrator
{
    public static async Task MigrateAsync(DatabaseOptions options, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(options.Migrate))
        {
            throw new InvalidOperationException("ConnectionStrings:Migrate is missing. Write the connection string of the role that owns the tables.");
        }

        await using var db = Open(options);
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(10));
        await db.Database.MigrateAsync(cancellationToken);
        foreach (var statement in Statements(options, db))
        {
            await db.Database.ExecuteSqlRawAsync(statement.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal), cancellationToken);
        }
    }

    /// <summary>Whether migrations are missing in the database.</summary>
    public static async Task<bool> IsBehindAsync(DatabaseOptions options, CancellationToken cancellationToken)
    {
        await using var db = Open(options);
        return (await db.Database.GetPendingMigrationsAsync(cancellationToken)).Any();
    }

    private static PortalDb Open(DatabaseOptions options) => options.Provider == DatabaseKind.Postgres
        ? new PostgresPortalDb(new DbContextOptionsBuilder<PostgresPortalDb>().UseNpgsql(options.Migrate).Options)
        : new SqlServerPortalDb(new DbContextOptionsBuilder<SqlServerPortalDb>().UseSqlServer(options.Migrate).Options);

    private static IEnumerable<string> Statements(DatabaseOptions options, PortalDb db)
    {
        if (options.Provider == DatabaseKind.SqlServer)
        {
            return SqlServerRowSecurity.Statements(db.Model);
        }

        var app = new NpgsqlConnectionStringBuilder(options.App);
        var system = new NpgsqlConnectionStringBuilder(options.System);
        return PostgresRowSecurity.Statements(db.Model, app, system);
    }
}
