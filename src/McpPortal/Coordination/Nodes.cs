using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Coordination;

/// <summary>
/// Keeps this node's row alive and clears away the rows of nodes that are gone. Times are the database's, so skewed clocks take no node for
/// gone; the connection is one of those apart, so a full pool does not either.
/// </summary>
internal sealed partial class Nodes(PortalDatabase database, ThisNode node, TimeProvider time, ILogger<Nodes> logger) : BackgroundService
{
    /// <summary>A node that was not seen for so long is taken for gone by whoever has to know.</summary>
    public const double SilentSeconds = 60;

    private const double KeptSeconds = 3600;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Once before the first request: what a node holds is taken for nobody's until the node is known.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryBeatAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryBeatAsync(stoppingToken);
        }
    }

    private async Task TryBeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BeatAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.Failed(logger, e.Message);
        }
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemApartAsync(cancellationToken);
        if (await SeenAsync(scope, cancellationToken) == 0)
        {
            var now = time.GetUtcNow();
            scope.Db.Nodes.Add(new NodeRow { Id = node.Id, Name = node.Name, StartedAt = now, SeenAt = now });
            await scope.Db.SaveChangesAsync(cancellationToken);
            await SeenAsync(scope, cancellationToken);
        }

        await Old(scope).ExecuteDeleteAsync(cancellationToken);
        await scope.CommitAsync(cancellationToken);
    }

#pragma warning disable RS0030 // Inside a statement this is the database's clock, the only one that all nodes share.
    private Task<int> SeenAsync(SystemScope scope, CancellationToken cancellationToken) =>
        scope.Db.Nodes.Where(n => n.Id == node.Id).ExecuteUpdateAsync(set => set.SetProperty(n => n.SeenAt, n => DateTimeOffset.UtcNow), cancellationToken);

    private static IQueryable<NodeRow> Old(SystemScope scope) => scope.Db.Nodes.Where(n => n.SeenAt < DateTimeOffset.UtcNow.AddSeconds(-KeptSeconds));
#pragma warning restore RS0030

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "This node's heartbeat could not be written. {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
