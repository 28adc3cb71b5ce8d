using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Sessions.Registry;

/// <summary>
/// Ends in the registry what nodes left behind that are no more, and forgets what ended long ago. A node that was only silent, and still is
/// there, is told, so that no session lives on that the registry holds for ended.
/// </summary>
internal sealed partial class ClientSessionSweeper(PortalDatabase database, Invalidations invalidations, ClientSessionOptions options, ThisNode node, TimeProvider time, ILogger<ClientSessionSweeper> logger)
    : RepeatedWork(TimeSpan.FromSeconds(10), time)
{
    private readonly TimeProvider _time = time;

    internal async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var endedBefore = now - options.KeepEndedSessions;
        await using var scope = await database.ForSystemAsync(cancellationToken);
        foreach (var gone in await Abandoned(scope.Db).Select(s => s.NodeId).Distinct().ToListAsync(cancellationToken))
        {
            await scope.Db.ClientSessions.Where(s => s.NodeId == gone && s.EndedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now).SetProperty(s => s.EndReason, SessionEnd.NodeGone).SetProperty(s => s.InUse, false), cancellationToken);
            invalidations.Publish(scope, InvalidationKind.Node, gone.Value);
        }

        await scope.Db.ClientSessions.Where(s => s.EndedAt < endedBefore).ExecuteDeleteAsync(cancellationToken);
        await scope.CommitAsync(cancellationToken);
    }

    protected override Task WorkAsync(CancellationToken cancellationToken) => SweepAsync(cancellationToken);

    protected override void Tell(Exception fault) => Log.Failed(logger, fault.GetType().Name);

#pragma warning disable RS0030 // Inside a query this is the database's clock, the only one that all nodes share.
    /// <summary>A session as new as that may have begun before its node said for the first time that it is there.</summary>
    private IQueryable<ClientSession> Abandoned(PortalDb db) => db.ClientSessions.Where(s =>
        s.EndedAt == null && s.NodeId != node.Id && s.CreatedAt < DateTimeOffset.UtcNow.AddSeconds(-Nodes.SilentSeconds)
        && !db.Nodes.Any(n => n.Id == s.NodeId && n.SeenAt >= DateTimeOffset.UtcNow.AddSeconds(-Nodes.SilentSeconds)));
#pragma warning restore RS0030

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Sessions of MCP clients whose node is gone could not be ended, or old ones forgotten ({Reason}).")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
