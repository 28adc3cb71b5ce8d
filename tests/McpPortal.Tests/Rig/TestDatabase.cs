using McpPortal.Data;
using McpPortal.Tests.Rig.Canaries;
using Npgsql;

namespace McpPortal.Tests.Rig;

/// <summary>
/// One fresh, migrated database with the connection strings of its three roles. On dispose it is searched for planted secrets, together with
/// what was heard of the portals on it, and dropped.
/// </summary>
internal sealed class TestDatabase(PostgresCluster cluster, string name) : IAsyncDisposable
{
    public string Name => name;

    /// <summary>Owns the tables; what <c>portal migrate</c> uses.</summary>
    public string Owner { get; } = cluster.ConnectionString(PostgresCluster.OwnerRole, name);

    /// <summary>Bound by row-level security.</summary>
    public string App { get; } = cluster.ConnectionString(PostgresCluster.AppRole, name);

    /// <summary>The role of hosted work.</summary>
    public string System { get; } = cluster.ConnectionString(PostgresCluster.SystemRole, name);

    /// <summary>For everything that portals on this database write elsewhere.</summary>
    public CanaryScan Canaries { get; } = new();

    public DatabaseOptions Options => new() { App = App, System = System, Migrate = Owner };

    /// <summary>The settings under which a portal finds this database.</summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["ConnectionStrings:App"] = App,
        ["ConnectionStrings:System"] = System,
        ["ConnectionStrings:Migrate"] = Owner,
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var connectionString in (string[])[Owner, App, System])
        {
            await using var connection = new NpgsqlConnection(connectionString);
            NpgsqlConnection.ClearPool(connection);
        }

        try
        {
            Canaries.Hear("database", await DatabaseText.ReadAsync(cluster.ConnectionString(PostgresCluster.Superuser, name)));
            Canaries.AssertNothingLeaked();
        }
        finally
        {
            await cluster.DropAsync(name);
        }
    }
}
