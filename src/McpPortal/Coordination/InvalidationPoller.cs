using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Coordination;

/// <summary>
/// Reads new messages four times a second, and at once when PostgreSQL notifies. It has a thread and a connection of its own: late news make
/// everybody ask the database instead of their memory, and if that made the news later still, an overloaded node would never recover.
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

    private readonly SemaphoreSlim _wake = new(0, 1);
    private PortalDb? _db;
    private HashSet<long> _seen = [];
    private long? _lastPoll;
    private long? _lastCleanUp;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Task.Run(TryPoll, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        ListenAsync(stoppingToken),
        Task.Factory.StartNew(() => Poll(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    public override void Dispose()
    {
        _db?.Dispose();
        base.Dispose();
    }

    private void Poll(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                _wake.Wait(Interval, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            TryPoll();
        }
    }

    private void TryPoll()
    {
        try
        {
            PollOnce(_db ??= database.ForSystemApart());
        }
        catch (Exception e)
        {
            Log.PollFailed(logger, e.Message);
            _db?.Dispose();
            _db = null;
        }
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

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        if (database.SystemSource is not { } source || !database.Options.Listen)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(stoppingToken);
                connection.Notification += (_, _) => Wake();
                await using var command = connection.CreateCommand();
                command.CommandText = "listen portal_invalidation";
                await command.ExecuteNonQueryAsync(stoppingToken);
                while (true)
                {
                    await connection.WaitAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is Npgsql.NpgsqlException or IOException or InvalidOperationException)
            {
                Log.ListenFailed(logger, e.Message);
                await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            try
            {
                _wake.Release();
            }
            catch (SemaphoreFullException)
            {
                // Woken twice in the same moment.
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Invalidations could not be read; calls are refused after two seconds without them. {Reason}")]
        public static partial void PollFailed(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Warning, "Notifications of the database are not to be had; polling goes on. {Reason}")]
        public static partial void ListenFailed(ILogger logger, string reason);
    }
}
