using Microsoft.Data.SqlClient;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace McpPortal.Data;

/// <summary>Tells a violated unique key from other failures, on both databases.</summary>
internal static class DuplicateKey
{
    // SQL Server reports a unique index as 2601 and a constraint as 2627.
    public static bool Is(DbUpdateException exception) => exception.InnerException switch
    {
        PostgresException postgres => postgres.SqlState == PostgresErrorCodes.UniqueViolation,
        SqlException sqlServer => sqlServer.Number is 2601 or 2627,
        _ => false,
    };
}
