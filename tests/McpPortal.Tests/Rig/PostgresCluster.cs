using System.Globalization;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresCluster))]

namespace McpPortal.Tests.Rig;

/// <summary>
/// One private PostgreSQL for the whole run, started by the first test that asks. A test class takes it as a constructor parameter and calls
/// <see cref="CreateAsync"/> for a database of its own, copied from one that was migrated once.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    internal const string OwnerRole = "portal_owner";
    internal const string AppRole = "portal_app";
    internal const string SystemRole = "portal_system";
    private const string Template = "migrated";
    internal const string Superuser = "postgres";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("portal-pg-").FullName;
    private ChildProcess? _server;
    private Task? _start;
    private bool _started;
    private bool _migrated;
    private int _count;

    /// <summary>The folder with the unix socket.</summary>
    internal string SocketFolder => _folder;

    internal int Port { get; } = Ports.Free();

    /// <summary>A fresh database with all migrations applied.</summary>
    internal async Task<TestDatabase> CreateAsync(CancellationToken cancellationToken = default)
    {
        await StartAsync(migrate: true, cancellationToken);
        var name = NextName();
        await ExecuteAsync($"create database {name} template {Template} owner {OwnerRole}", cancellationToken);
        return new TestDatabase(this, name);
    }

    /// <summary>A fresh database with nothing in it, for tests of the migrations themselves.</summary>
    internal async Task<TestDatabase> CreateEmptyAsync(CancellationToken cancellationToken = default)
    {
        await StartAsync(migrate: false, cancellationToken);
        var name = NextName();
        await ExecuteAsync($"create database {name} owner {OwnerRole}", cancellationToken);
        return new TestDatabase(this, name);
    }

    internal string ConnectionString(string role, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = role,
        Database = database,
        MaxPoolSize = 40,
        Timeout = 15,
        ConnectionIdleLifetime = 10,
        ConnectionPruningInterval = 5,
        IncludeErrorDetail = true,
    }.ConnectionString;

    internal Task DropAsync(string name) => ExecuteAsync($"drop database if exists {name} with (force)", CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        var log = new CanaryScan();
        if (_server is not null)
        {
            NpgsqlConnection.ClearAllPools();
            await _server.DisposeAsync();
            log.Hear("log of the database server", string.Join('\n', _server.Lines));
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }

        _gate.Dispose();
        log.AssertNothingLeaked();
    }

    private async Task StartAsync(bool migrate, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (!_started)
            {
                // A start that failed once is not tried again: every test then shows the same reason.
                _start ??= StartServerAsync(CancellationToken.None);
                await _start.WaitAsync(cancellationToken);
                await ExecuteAsync($"create role {OwnerRole} login createrole", CancellationToken.None);
                _started = true;
            }

            if (migrate && !_migrated)
            {
                await ExecuteAsync($"drop database if exists {Template} with (force)", cancellationToken);
                await ExecuteAsync($"create database {Template} owner {OwnerRole}", cancellationToken);
                await Migrator.MigrateAsync(new TestDatabase(this, Template).Options, cancellationToken);
                NpgsqlConnection.ClearAllPools();
                await ExecuteAsync($"alter database {Template} with is_template true allow_connections false", cancellationToken);
                _migrated = true;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task StartServerAsync(CancellationToken cancellationToken)
    {
        // PostgreSQL refuses to run as root. setpriv, unlike runuser, becomes the command, so that the process id is the server's.
        string[] user = Unix.IsRoot ? ["setpriv", $"--reuid={Superuser}", $"--regid={Superuser}", "--init-groups"] : ["env"];
        if (Unix.IsRoot)
        {
            await ChildProcess.RunAsync("chown", [Superuser, _folder], cancellationToken);
        }

        var binaries = PostgresBinaries.Folder();
        var data = Path.Combine(_folder, "data");
        await ChildProcess.RunAsync(
            user[0],
            [.. user[1..], Path.Combine(binaries, "initdb"), "-D", data, "-U", Superuser, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
            cancellationToken);
        _server = ChildProcess.Start(
            user[0],
            [.. user[1..], Path.Combine(binaries, "postgres"), "-D", data, "-k", _folder, "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), .. Settings()],
            stopSignal: Unix.SigInt,
            scratch: _folder);
        await _server.WaitForLineAsync("database system is ready to accept connections", TimeSpan.FromSeconds(60), cancellationToken);
    }

    private static IEnumerable<string> Settings() =>
        ((string[])
        [
            "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=600", "shared_buffers=64MB",
            "logging_collector=off", "log_destination=stderr", "log_min_messages=log", "jit=off",
        ]).SelectMany(setting => (string[])["-c", setting]);

    private string NextName() => $"t{Interlocked.Increment(ref _count)}";

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(Superuser, "postgres") + ";Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 60 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
