using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>
/// Renews what was used lately before anybody waits for it, keeps rarely used grants alive, carries out revocations, and lets a
/// stopping process finish the refreshes under way.
/// </summary>
internal sealed partial class TokenRefresher(
    PortalDatabase database,
    Leases leases,
    RefreshGate gate,
    TokenSaver saver,
    Revocations revocations,
    ConnectionUse use,
    TimeProvider time,
    ILogger<TokenRefresher> logger) : BackgroundService
{
    private const string LeaseName = "token-refresher";
    private const int AtOnce = 5;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan UsedWithin = TimeSpan.FromDays(1);

    /// <summary>Well inside the inactivity limits that providers have (Google: six months).</summary>
    private static readonly TimeSpan KeepAliveAfter = TimeSpan.FromDays(30);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await gate.DrainAsync(cancellationToken);
        await TryAsync(use.WriteAsync, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var replayed = false;
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            replayed = replayed || await TryAsync(saver.ReplayAsync, stoppingToken);
            await TryAsync(use.WriteAsync, stoppingToken);
            await TryAsync(SweepAsync, stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (!await leases.TryHoldAsync(LeaseName, Interval * 3, cancellationToken))
        {
            return;
        }

        foreach (var order in await revocations.DueAsync(cancellationToken))
        {
            await revocations.TryAsync(order, cancellationToken);
        }

        var due = await DueAsync(cancellationToken);
        await Task.WhenAll(due.GroupBy(d => d.Provider).Select(group =>
            Parallel.ForEachAsync(group, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (connection, stop) =>
                await gate.RenewAsync(connection.Id, connection.Generation, connection.KeepAlive, stop))));
    }

    private async Task<IReadOnlyList<DueConnection>> DueAsync(CancellationToken cancellationToken)
    {
        // Not all nodes' tokens at the same moment each hour.
        var now = time.GetUtcNow();
        var soon = now + (Ahead * (0.8 + (Random.Shared.NextDouble() * 0.4)));
        var (used, idle) = (now - UsedWithin, now - KeepAliveAfter);
        await using var scope = await database.ForSystemAsync(cancellationToken);
        await scope.Db.PendingConnects.Where(p => p.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        var rows = await scope.Db.Connections
            .Where(c => c.Status == ConnectionStatus.Connected && c.RefreshToken != null && (c.NextAttemptAt == null || c.NextAttemptAt <= now))
            .Where(c => (c.ExpiresAt < soon && c.LastUsedAt > used) || (c.LastRefreshAt == null ? c.ConnectedAt : c.LastRefreshAt) < idle)
            .OrderBy(c => c.ExpiresAt)
            .Select(c => new { c.Id, c.ProviderId, c.Generation, Last = c.LastRefreshAt ?? c.ConnectedAt })
            .Take(200)
            .ToListAsync(cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return [.. rows.Select(r => new DueConnection(r.Id, r.ProviderId, r.Generation, r.Last < idle))];
    }

    private async Task<bool> TryAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, e.GetType().Name);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private sealed record DueConnection(ConnectionId Id, ProviderId Provider, long Generation, bool KeepAlive);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Tokens could not be looked after ({Reason}); trying again in half a minute.")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
