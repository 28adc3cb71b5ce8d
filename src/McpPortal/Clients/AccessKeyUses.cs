using System.Collections.Concurrent;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients;

/// <summary>Writes when and from where keys were last used, every few seconds instead of on each request.</summary>
internal sealed partial class AccessKeyUses(PortalDatabase database, TimeProvider time, ILogger<AccessKeyUses> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, (DateTimeOffset At, string? From)> _uses = new(StringComparer.Ordinal);

    public void Note(string keyId, string? from) => _uses[keyId] = (time.GetUtcNow(), from);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await WriteAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Log.Failed(logger, e.GetType().Name);
            }
        }
    }

    internal async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (_uses.IsEmpty)
        {
            return;
        }

        var batch = _uses.ToArray();
        await using var scope = await database.ForSystemAsync(cancellationToken);
        foreach (var place in batch.GroupBy(entry => entry.Value.From, StringComparer.Ordinal))
        {
            string[] ids = [.. place.Select(entry => entry.Key)];
            var at = place.Max(entry => entry.Value.At);
            await scope.Db.AccessKeys.Where(k => ids.Contains(k.Id))
                .ExecuteUpdateAsync(set => set.SetProperty(k => k.LastUsedAt, at).SetProperty(k => k.LastUsedFrom, place.Key), cancellationToken);
        }

        await scope.CommitAsync(cancellationToken);
        foreach (var entry in batch)
        {
            _uses.TryRemove(entry); // only if it was not used again meanwhile
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The last use of access keys could not be written ({Reason}).")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
