using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace McpPortal.Data;

/// <summary>Reads from the model who may touch which table; each database turns that into its own statements.</summary>
internal static class RowSecurity
{
    /// <summary>A table with its declared access.</summary>
    public sealed record Table(string Name, TableAccess Access, string UserColumn);

    /// <summary>Every table, in a stable order. A table without a declaration is an error: nobody forgot it on purpose.</summary>
    public static IReadOnlyList<Table> Tables(IReadOnlyModel model) =>
        [.. model.GetEntityTypes().Select(Describe).OrderBy(t => t.Name, StringComparer.Ordinal)];

    private static Table Describe(IReadOnlyEntityType entity)
    {
        var access = entity.ClrType.GetCustomAttribute<RowAccessAttribute>()
            ?? throw new InvalidOperationException($"{entity.ClrType.Name} has no [RowAccess]: say who may touch table {entity.GetTableName()}.");
        return new Table(entity.GetTableName()!, access.Access, access.UserColumn);
    }
}
