using System.Diagnostics;
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
        _ => IsFallen(fault),
    };

    /// <summary>The database chose this transaction as the victim of a deadlock, or of two that cannot both be right: it did nothing and may be tried again.</summary>
    public static bool IsConflict(Exception? fault) => Innermost(fault) switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } => true,
        SqlException { Number: 1205 or 3960 } => true,
        _ => false,
    };

    /// <summary>A connection that breaks between two of the driver's own steps shows its disposed insides instead of an exception of the driver's.</summary>
    private static bool IsFallen(Exception? fault) => fault is not null
        && ((fault is ObjectDisposedException or IOException && new StackTrace(fault).GetFrames().Any(IsDriver)) || IsFallen(fault.InnerException));

    private static bool IsDriver(StackFrame frame) =>
        frame.GetMethod()?.DeclaringType?.Assembly is { } assembly && (assembly == typeof(NpgsqlException).Assembly || assembly == typeof(SqlException).Assembly);

    private static Exception? Innermost(Exception? fault)
    {
        while (fault is not (null or NpgsqlException or SqlException))
        {
            fault = fault.InnerException;
        }

        return fault;
    }
}
