using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>One refresh per connection across all nodes: a lease by compare-and-swap on the database's clock, with a fence.</summary>
internal sealed partial class RefreshLease(PortalDatabase database, ThisNode node, TimeProvider time, ILogger<RefreshLease> logger)
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);

    /// <returns>The fence, or null while another node holds the lease or the row has moved on.</returns>
    public async Task<long?> TryTakeAsync(Connection row, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        if (await TakeAsync(scope.Db, row, node.Id.Value, cancellationToken) == 0)
        {
            return null;
        }

        var fence = await scope.Db.Connections.Where(c => c.Id == row.Id).Select(c => c.LeaseFence).SingleAsync(cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return fence;
    }

    /// <summary>Prolongs the lease until stopped: an answer that comes after the lease has passed to another node is a reuse.</summary>
    public async Task KeepAsync(Connection row, long fence, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await Task.Delay(Beat, time, stop);
                await using var scope = await database.ForSystemAsync(stop);
                await ProlongAsync(scope.Db, row, fence, stop);
                await scope.CommitAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Log.NotProlonged(logger, row.Id, e.GetType().Name);
            }
        }
    }

#pragma warning disable RS0030 // Inside a query this is the database's clock, the only one that all nodes share.
    private static Task<int> TakeAsync(PortalDb db, Connection row, Guid me, CancellationToken cancellationToken) => db.Connections
        .Where(c => c.Id == row.Id && c.Generation == row.Generation && c.Status == ConnectionStatus.Connected && (c.LeaseUntil == null || c.LeaseUntil < DateTimeOffset.UtcNow))
        .ExecuteUpdateAsync(
            set => set
                .SetProperty(c => c.LeaseOwner, me)
                .SetProperty(c => c.LeaseUntil, c => DateTimeOffset.UtcNow.AddSeconds(30))
                .SetProperty(c => c.LeaseFence, c => c.LeaseFence + 1)
                .SetProperty(c => c.AttemptStartedAt, c => DateTimeOffset.UtcNow),
            cancellationToken);

    private static Task<int> ProlongAsync(PortalDb db, Connection row, long fence, CancellationToken cancellationToken) => db.Connections
        .Where(c => c.Id == row.Id && c.Generation == row.Generation && c.LeaseFence == fence)
        .ExecuteUpdateAsync(set => set.SetProperty(c => c.LeaseUntil, c => DateTimeOffset.UtcNow.AddSeconds(30)), cancellationToken);
#pragma warning restore RS0030

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The refresh lease of connection {Connection} could not be prolonged ({Reason}).")]
        public static partial void NotProlonged(ILogger logger, ConnectionId connection, string reason);
    }
}
