using System.Collections.Concurrent;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.OAuth;

/// <summary>Writes when clients last used what they were granted, every few seconds instead of on each request.</summary>
internal sealed partial class ClientGrantUses(PortalDatabase database, TimeProvider time, ILogger<ClientGrantUses> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<ClientGrantId, DateTimeOffset> _uses = new();

    public void Note(ClientGrantId grant) => _uses[grant] = time.GetUtcNow();

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
        ClientGrantId[] ids = [.. batch.Select(entry => entry.Key)];
        var at = batch.Max(entry => entry.Value);
        await using var scope = await database.ForSystemAsync(cancellationToken);
        await scope.Db.ClientGrants.Where(g => ids.Contains(g.Id)).ExecuteUpdateAsync(set => set.SetProperty(g => g.LastUsedAt, at), cancellationToken);
        await scope.CommitAsync(cancellationToken);
        foreach (var entry in batch)
        {
            _uses.TryRemove(entry); // only if it was not used again meanwhile
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The last use of grants could not be written ({Reason}).")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
