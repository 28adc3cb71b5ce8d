using System.Globalization;
using Npgsql;

namespace McpPortal.Tests.Rig;

/// <summary>A pgbouncer in transaction mode before the test cluster: what a pooler, Supabase's too, does to session state.</summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly ChildProcess _process;

    private PgBouncer(DirectoryInfo folder, ChildProcess process, int port)
    {
        (_folder, _process, Port) = (folder, process, port);
    }

    public int Port { get; }

    /// <summary>Starts it with <paramref name="poolSize"/> server connections per user and database, few enough that clients must share them.</summary>
    public static async Task<PgBouncer> StartAsync(PostgresCluster cluster, int poolSize, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("portal-pgb-");
        var port = Ports.Free();
        var settings = Path.Combine(folder.FullName, "pgbouncer.ini");
        await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $"""
            [databases]
            * = host=127.0.0.1 port={cluster.Port}

            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = trust
            auth_file = {folder.FullName}/users.txt
            pool_mode = transaction
            default_pool_size = {poolSize}
            max_client_conn = 1000
            ignore_startup_parameters = extra_float_digits,search_path
            """), cancellationToken);
        await File.WriteAllLinesAsync(
            Path.Combine(folder.FullName, "users.txt"),
            new[] { PostgresCluster.OwnerRole, PostgresCluster.AppRole, PostgresCluster.SystemRole }.Select(role => $"\"{role}\" \"\""),
            cancellationToken);

        string[] user = [];
        if (Unix.IsRoot)
        {
            // Like PostgreSQL it refuses to run as root.
            await ChildProcess.RunAsync("chown", ["-R", "postgres", folder.FullName], cancellationToken);
            user = ["--reuid=postgres", "--regid=postgres", "--init-groups"];
        }

        var process = ChildProcess.Start("setpriv", [.. user, "/usr/sbin/pgbouncer", settings], stopSignal: Unix.SigInt, scratch: folder.FullName);
        try
        {
            await process.WaitForLineAsync("process up", TimeSpan.FromSeconds(20), cancellationToken);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return new PgBouncer(folder, process, port);
    }

    /// <summary>The same connection string by way of the pooler.</summary>
    public string Through(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Host = "127.0.0.1",
        Port = Port,
        NoResetOnClose = true,
    }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        if (_folder.Exists)
        {
            _folder.Delete(recursive: true);
        }
    }
}
