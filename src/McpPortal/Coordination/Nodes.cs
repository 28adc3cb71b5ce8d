using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Coordination;

/// <summary>Keeps this node's row alive and clears away the rows of nodes that are gone.</summary>
internal sealed partial class Nodes(PortalDatabase database, ThisNode node, TimeProvider time, ILogger<Nodes> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GoneAfter = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var startedAt = time.GetUtcNow();
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await BeatAsync(startedAt, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Log.Failed(logger, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task BeatAsync(DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var scope = await database.ForSystemAsync(cancellationToken);
        if (await scope.Db.Nodes.Where(n => n.Id == node.Id).ExecuteUpdateAsync(set => set.SetProperty(n => n.SeenAt, now), cancellationToken) == 0)
        {
            scope.Db.Nodes.Add(new NodeRow { Id = node.Id, Name = node.Name, StartedAt = startedAt, SeenAt = now });
        }

        var gone = now - GoneAfter;
        await scope.Db.Nodes.Where(n => n.SeenAt < gone).ExecuteDeleteAsync(cancellationToken);
        await scope.CommitAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "This node's heartbeat could not be written. {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
