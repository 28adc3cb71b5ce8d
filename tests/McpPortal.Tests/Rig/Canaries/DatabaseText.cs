using System.Text;
using Npgsql;

namespace McpPortal.Tests.Rig.Canaries;

/// <summary>Everything that stands in the tables of a database, bytes as hex, past row-level security.</summary>
internal static class DatabaseText
{
    private const string Tables = """
        select string_agg(format('select %L, t::text from %I.%I t', relname, nspname, relname), ' union all ')
        from pg_class c join pg_namespace n on n.oid = relnamespace
        where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema')
        """;

    public static async Task<string> ReadAsync(string superuser)
    {
        await using var connection = new NpgsqlConnection($"{superuser};Pooling=false");
        await connection.OpenAsync();
        await using var tables = new NpgsqlCommand(Tables, connection);
        if (await tables.ExecuteScalarAsync() is not string rows)
        {
            return "";
        }

        await using var command = new NpgsqlCommand(rows, connection) { CommandTimeout = 60 };
        await using var reader = await command.ExecuteReaderAsync();
        var text = new StringBuilder();
        while (await reader.ReadAsync())
        {
            text.Append(reader.GetString(0)).Append(' ').Append(reader.GetString(1)).Append('\n');
        }

        return text.ToString();
    }
}
