using McpPortal.Data;
using Npgsql;

namespace McpPortal.Tests.Rig;

/// <summary>One fresh, migrated database with the connection strings of its three roles; dropped on dispose.</summary>
internal sealed class TestDatabase(PostgresCluster cluster, string name) : IAsyncDisposable
{
    public string Name => name;

    /// <summary>Owns the tables; what <c>portal migrate</c> uses.</summary>
    public string Owner { get; } = cluster.ConnectionString(PostgresCluster.OwnerRole, name);

    /// <summary>Bound by row-level security.</summary>
    public string App { get; } = cluster.ConnectionString(PostgresCluster.AppRole, name);

    /// <summary>The role of hosted work.</summary>
    public string System { get; } = cluster.ConnectionString(PostgresCluster.SystemRole, name);

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

        await cluster.DropAsync(name);
    }
}
