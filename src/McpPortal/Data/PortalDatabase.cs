using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace McpPortal.Data;

/// <summary>
/// The door to the database: one data source bound by row-level security, one for hosted work. The user is set inside the
/// transaction, never on the connection, so that a transaction-mode pooler cannot mix people up.
/// </summary>
internal sealed class PortalDatabase : IAsyncDisposable
{
    private readonly NpgsqlDataSource? _appSource;
    private readonly NpgsqlDataSource? _systemSource;
    private readonly Func<PortalDb> _app;
    private readonly Func<PortalDb> _system;

    public PortalDatabase(DatabaseOptions options)
    {
        Options = options;
        if (options.Provider == DatabaseKind.Postgres)
        {
            _appSource = NpgsqlDataSource.Create(options.App);
            _systemSource = NpgsqlDataSource.Create(options.System);
            _app = Postgres(_appSource);
            _system = Postgres(_systemSource);
        }
        else
        {
            _app = SqlServer(options.App);
            _system = SqlServer(options.System);
        }
    }

    public DatabaseOptions Options { get; }

    /// <summary>For LISTEN on PostgreSQL; null on SQL Server.</summary>
    public NpgsqlDataSource? SystemSource => _systemSource;

    /// <summary>Begins a transaction in which only what <paramref name="user"/> may see exists.</summary>
    public async Task<UserScope> ForUserAsync(UserId user, CancellationToken cancellationToken)
    {
        var db = _app();
        try
        {
            var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            if (Options.Provider == DatabaseKind.Postgres)
            {
                await db.Database.ExecuteSqlAsync($"select set_config('portal.user_id', {user.Value.ToString()}, true)", cancellationToken);
            }
            else
            {
                await db.Database.ExecuteSqlAsync($"exec sp_set_session_context N'portal.user_id', {user.Value}", cancellationToken);
            }

            return new UserScope(db, transaction, user);
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins a transaction that sees every row. The floor test lists who may call this.</summary>
    public async Task<SystemScope> ForSystemAsync(CancellationToken cancellationToken)
    {
        var db = _system();
        try
        {
            return new SystemScope(db, await db.Database.BeginTransactionAsync(cancellationToken));
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether the database answers both roles.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        await using var app = _app();
        await using var system = _system();
        return await app.Database.CanConnectAsync(cancellationToken) && await system.Database.CanConnectAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_appSource is not null)
        {
            await _appSource.DisposeAsync();
        }

        if (_systemSource is not null)
        {
            await _systemSource.DisposeAsync();
        }
    }

    private static Func<PortalDb> Postgres(NpgsqlDataSource source)
    {
        var options = new DbContextOptionsBuilder<PostgresPortalDb>().UseNpgsql(source).Options;
        return () => new PostgresPortalDb(options);
    }

    private static Func<PortalDb> SqlServer(string connectionString)
    {
        var options = new DbContextOptionsBuilder<SqlServerPortalDb>().UseSqlServer(connectionString).Options;
        return () => new SqlServerPortalDb(options);
    }
}
