using McpPortal.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace McpPortal.Tests.Rig;

/// <summary>How many rows each table has and a hash of them: equal texts, and nothing was written in between.</summary>
internal static class RowHashes
{
    public static async Task<string> ReadAsync(TestDatabase database, params string[] except)
    {
        await using var source = NpgsqlDataSource.Create(database.System);
        await using var db = new PostgresPortalDb(new DbContextOptionsBuilder<PostgresPortalDb>().UseNpgsql("Host=localhost").Options);
        var lines = new List<string>();
        foreach (var table in RowSecurity.Tables(db.Model).Select(table => table.Name).Except(except))
        {
            await using var command = source.CreateCommand($"select count(*) || ' ' || md5(coalesce(string_agg(x::text, ',' order by x::text), '')) from {table} x");
            lines.Add($"{table}: {await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)}");
        }

        return string.Join('\n', lines);
    }
}
