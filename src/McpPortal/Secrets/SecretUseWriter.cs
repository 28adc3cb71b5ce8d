using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Secrets;

/// <summary>Writes down every few seconds which secrets were used when.</summary>
internal sealed partial class SecretUseWriter(PortalDatabase database, SecretUses uses, TimeProvider time, ILogger<SecretUseWriter> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryWriteAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            using var deadline = new CancellationTokenSource(Interval);
            await TryWriteAsync(deadline.Token);
        }
    }

    internal async Task WriteAsync(CancellationToken cancellationToken)
    {
        var taken = uses.Take();
        if (taken.Count == 0)
        {
            return;
        }

        await using var scope = await database.ForSystemAsync(cancellationToken);
        SecretId[] ids = [.. taken.Keys];
        var at = taken.Values.Max();
        await scope.Db.Secrets.Where(s => ids.Contains(s.Id) && (s.LastUsedAt == null || s.LastUsedAt < at))
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.LastUsedAt, at), cancellationToken);
        await scope.CommitAsync(cancellationToken);
    }

    private async Task TryWriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // "Last used" may miss a moment; a call never waits for it.
            Log.Failed(logger, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "When secrets were last used could not be written. {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
