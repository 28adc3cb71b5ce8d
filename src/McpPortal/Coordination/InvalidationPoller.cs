using McpPortal.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace McpPortal.Coordination;

/// <summary>
/// Reads new messages four times a second, and at once when PostgreSQL notifies. It has a thread and a connection of its own: late news make
/// everybody ask the database instead of their memory, and if that made the news later still, an overloaded node would never recover.
/// It waits without a token: cancelled while its connection is cut, the driver throws out of the cancellation, which ends the whole host badly.
/// </summary>
internal sealed partial class InvalidationPoller(PortalDatabase database, Invalidations invalidations, TimeProvider time, ILogger<InvalidationPoller> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan KeepFor = TimeSpan.FromHours(1);

    /// <summary>
    /// Ids are handed out before commit, so a lower one can appear after a higher one: each poll looks back this far and skips what
    /// it has seen. No transaction that publishes may be open for longer.
    /// </summary>
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private PortalDb? _db;
    private HashSet<long> _seen = [];
    private long? _lastPoll;
    private long? _lastCleanUp;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Task.Run(TryPoll, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Factory.StartNew(() => Poll(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public override void Dispose()
    {
        base.Dispose();
        if (ExecuteTask is null)
        {
            _db?.Dispose();
        }
    }

    private void Poll(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (_db?.Database.GetDbConnection() is NpgsqlConnection listening && database.Options.Listen)
            {
                Try(() => listening.Wait(Interval));
            }
            else
            {
                stoppingToken.WaitHandle.WaitOne(Interval);
            }

            TryPoll();
        }

        // Here and not where it would be taken from under a wait: a host that fails to start disposes what still runs.
        _db?.Dispose();
    }

    private void TryPoll() => Try(() => PollOnce(_db ??= Open()));

    private void Try(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            Log.PollFailed(logger, e.Message);
            _db?.Dispose();
            _db = null;
        }
    }

    private PortalDb Open()
    {
        var db = database.ForSystemApart();
        if (database.Options is { Provider: DatabaseKind.Postgres, Listen: true })
        {
            try
            {
                db.Database.ExecuteSql($"listen portal_invalidation");
            }
            catch
            {
                db.Dispose();
                throw;
            }
        }

        return db;
    }

    private void PollOnce(PortalDb db)
    {
        var began = time.GetTimestamp();
        var rows = Recent(db).ToList();
        if (_lastPoll is { } last && time.GetElapsedTime(last, began) > Window)
        {
            invalidations.Dispatch(new Invalidation(InvalidationKind.Everything, Guid.Empty));
        }

        foreach (var row in rows.Where(row => _lastPoll is not null && !_seen.Contains(row.Id)))
        {
            invalidations.Dispatch(new Invalidation((InvalidationKind)row.Kind, row.Subject));
        }

        _seen = [.. rows.Select(row => row.Id)];
        _lastPoll = began;
        invalidations.Heard(began);
        if (_lastCleanUp is null || time.GetElapsedTime(_lastCleanUp.Value, began) > KeepFor)
        {
            Old(db).ExecuteDelete();
            _lastCleanUp = began;
        }
    }

#pragma warning disable RS0030 // Inside a query this is the database's clock, the only one that all nodes share.
    private static IQueryable<InvalidationRow> Recent(PortalDb db) =>
        db.Invalidations.AsNoTracking().Where(i => i.At >= DateTimeOffset.UtcNow - (2 * Window)).OrderBy(i => i.Id);

    private static IQueryable<InvalidationRow> Old(PortalDb db) => db.Invalidations.Where(i => i.At < DateTimeOffset.UtcNow - KeepFor);
#pragma warning restore RS0030

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Invalidations could not be read; calls are refused after two seconds without them. {Reason}")]
        public static partial void PollFailed(ILogger logger, string reason);
    }
}
