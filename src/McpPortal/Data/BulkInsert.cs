using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace McpPortal.Data;

/// <summary>
/// Adds many rows of one table at once. On PostgreSQL as one statement with an array for each column, which costs a fraction of a parameter
/// for each value; COPY is not an option, because it refuses tables with row-level security.
/// </summary>
internal static class BulkInsert
{
    /// <summary>Adds the rows in the transaction of the scope.</summary>
    public static async Task InsertAsync<T>(this DatabaseScope scope, IReadOnlyList<T> rows, CancellationToken cancellationToken)
        where T : class
    {
        if (rows.Count == 0)
        {
            return;
        }

        if (scope.Db.Database.GetDbConnection() is not NpgsqlConnection connection)
        {
            scope.Db.ChangeTracker.AutoDetectChangesEnabled = false;
            scope.Db.Set<T>().AddRange(rows);
            await scope.Db.SaveChangesAsync(cancellationToken);
            return;
        }

        var entity = scope.Db.Model.FindEntityType(typeof(T))!;
        var columns = entity.GetProperties().ToList();
        await using var command = connection.CreateCommand();
        command.Transaction = (NpgsqlTransaction)scope.Db.Database.CurrentTransaction!.GetDbTransaction();
        command.CommandText = $"insert into {entity.GetTableName()} ({string.Join(", ", columns.Select(column => column.GetColumnName()))}) select * from unnest({string.Join(", ", columns.Select((_, i) => $"${i + 1}"))})";
        foreach (var column in columns)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = Values(column, rows), DataTypeName = $"{BaseType(column)}[]" });
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What the column would store of each row.</summary>
    private static Array Values<T>(IProperty column, IReadOnlyList<T> rows)
    {
        var mapping = column.GetTypeMapping();
        var type = mapping.Converter?.ProviderClrType ?? mapping.ClrType;
        var stored = type.IsValueType ? typeof(Nullable<>).MakeGenericType(Nullable.GetUnderlyingType(type) ?? type) : type;
        var values = Array.CreateInstance(stored, rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            var value = column.GetGetter().GetClrValue(rows[i]!);
            values.SetValue(value is null ? null : mapping.Converter?.ConvertToProvider(value) ?? value, i);
        }

        return values;
    }

    /// <summary>The type without its length: arrays have none.</summary>
    private static string BaseType(IProperty column)
    {
        var type = column.GetColumnType();
        var end = type.IndexOf('(', StringComparison.Ordinal);
        return end < 0 ? type : type[..end];
    }
}
