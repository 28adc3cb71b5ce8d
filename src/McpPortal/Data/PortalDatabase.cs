using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace McpPortal.Data;

/// <summary>
/// The door to the database: one data source bound by row-level security, one for hosted work. The user is set inside the
/// transaction, never on the connection, so that a transaction-mode pooler cannot mix people up.
/// </summary>
internal sealed class PortalDatabase : IAsyncDisposable
{
    private readonly List<NpgsqlDataSource> _sources = [];
    private readonly Func<PortalDb> _app;
    private readonly Func<PortalDb> _system;
    private readonly Func<PortalDb> _apart;

    public PortalDatabase(DatabaseOptions options)
    {
        Options = options;
        if (options.Provider == DatabaseKind.Postgres)
        {
            _app = Postgres(options.App);
            _system = Postgres(options.System);
            _apart = Postgres($"{options.System};Maximum Pool Size=3;Command Timeout=5");
        }
        else
        {
            _app = SqlServer(options.App);
            _system = SqlServer(options.System);
            _apart = SqlServer($"{options.System};Max Pool Size=3;Command Timeout=5");
        }
    }

    public DatabaseOptions Options { get; }

    /// <summary>
    /// Begins a transaction in which only what <paramref name="user"/> may see exists. Whatever a page or a request still believes, a
    /// user who was disabled or deleted gets none: <see cref="UserNotActiveException"/>.
    /// </summary>
    public async Task<UserScope> ForUserAsync(UserId user, CancellationToken cancellationToken)
    {
        var scope = await ForAccountAsync(user, cancellationToken);
        if (scope.Account is { Status: UserStatus.Active })
        {
            return scope;
        }

        await scope.DisposeAsync();
        throw new UserNotActiveException();
    }

    /// <summary>The same whatever the state of the account: for those who ask what it is.</summary>
    public async Task<UserScope> ForAccountAsync(UserId user, CancellationToken cancellationToken)
    {
        var db = _app();
        try
        {
            var transaction = await BeginAsync(db, cancellationToken);
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.Transaction = transaction.GetDbTransaction();
            command.CommandText = Options.Provider == DatabaseKind.Postgres
                ? "select set_config('portal.user_id', @id::text, true); select status, last_sign_in_at from users where id = @id"
                : "exec sp_set_session_context N'portal.user_id', @id; select status, last_sign_in_at from users where id = @id";
            var id = command.CreateParameter();
            (id.ParameterName, id.Value) = ("id", user.Value);
            command.Parameters.Add(id);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (Options.Provider == DatabaseKind.Postgres)
            {
                await reader.NextResultAsync(cancellationToken);
            }

            var account = await reader.ReadAsync(cancellationToken)
                ? new AccountRow((UserStatus)reader.GetInt32(0), await reader.IsDBNullAsync(1, cancellationToken) ? null : await reader.GetFieldValueAsync<DateTimeOffset>(1, cancellationToken))
                : null;
            return new UserScope(db, transaction, user, account);
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins a transaction that sees every row. The floor test lists who may call this.</summary>
    public Task<SystemScope> ForSystemAsync(CancellationToken cancellationToken) => ForSystemAsync(_system(), cancellationToken);

    /// <summary>
    /// The same over one of the few connections kept for what everybody's work waits for: however many wait for the pools, it is not late.
    /// The floor test lists who may call this.
    /// </summary>
    public Task<SystemScope> ForSystemApartAsync(CancellationToken cancellationToken) => ForSystemAsync(_apart(), cancellationToken);

    /// <summary>A context without a transaction over one of these connections, which stays its own until it is disposed. The floor test lists who may call this.</summary>
    public PortalDb ForSystemApart()
    {
        var db = _apart();
        try
        {
            db.Database.OpenConnection();
            return db;
        }
        catch
        {
            db.Dispose();
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
        foreach (var source in _sources)
        {
            await source.DisposeAsync();
        }
    }

    private static async Task<SystemScope> ForSystemAsync(PortalDb db, CancellationToken cancellationToken)
    {
        try
        {
            return new SystemScope(db, await BeginAsync(db, cancellationToken));
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    private static Task<IDbContextTransaction> BeginAsync(PortalDb db, CancellationToken cancellationToken)
    {
        // Nobody goes on in a transaction in which saving has failed, so there is nothing to go back to.
        db.Database.AutoSavepointsEnabled = false;
        return db.Database.BeginTransactionAsync(cancellationToken);
    }

    /// <summary>Who waits for a connection is told soon that there is none, instead of after the driver's 15 seconds; a <c>Timeout</c> of the operator's counts.</summary>
    private static string Impatient(string connectionString) =>
        new DbConnectionStringBuilder { ConnectionString = connectionString }.ContainsKey("Timeout") ? connectionString : $"{connectionString};Timeout=5";

    private Func<PortalDb> Postgres(string connectionString)
    {
        var source = NpgsqlDataSource.Create(Impatient(connectionString));
        _sources.Add(source);
        var pool = new PooledDbContextFactory<PostgresPortalDb>(new DbContextOptionsBuilder<PostgresPortalDb>().UseNpgsql(source).Options);
        return pool.CreateDbContext;
    }

    private static Func<PortalDb> SqlServer(string connectionString)
    {
        var pool = new PooledDbContextFactory<SqlServerPortalDb>(new DbContextOptionsBuilder<SqlServerPortalDb>().UseSqlServer(connectionString).Options);
        return pool.CreateDbContext;
    }
}
