using Microsoft.Data.SqlClient;
using Npgsql;

namespace McpPortal.Data;

/// <summary>Tells what the database cannot do at the moment from what is wrong with a request, on both databases.</summary>
internal static class DatabaseFault
{
    /// <summary>Away, starting, full, read-only or too busy: the same may succeed in a moment, and nothing was written.</summary>
    public static bool IsUnavailable(Exception? fault) => Innermost(fault) switch
    {
        // Class 08 connection, 28 and 3D not set up yet, 53 resources (disk, connections), 57 stopped by the operator, 58 its own machine.
        PostgresException { SqlState: var state } => state[..2] is "08" or "28" or "3D" or "53" or "57" or "58"
            || state is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.LockNotAvailable || IsConflict(fault),
        NpgsqlException => true,

        // 17 and above: resources and connection. Timeout, no such database, no sign-in, read-only.
        SqlException sqlServer => sqlServer.Class >= 17 || sqlServer.Number is -2 or 4060 or 18456 or 3906 || IsConflict(fault),
        _ => false,
    };

    /// <summary>The database chose this transaction as the victim of a deadlock, or of two that cannot both be right: it did nothing and may be tried again.</summary>
    public static bool IsConflict(Exception? fault) => Innermost(fault) switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } => true,
        SqlException { Number: 1205 or 3960 } => true,
        _ => false,
    };

    private static Exception? Innermost(Exception? fault)
    {
        while (fault is not (null or NpgsqlException or SqlException))
        {
            fault = fault.InnerException;
        }

        return fault;
    }
}
