using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Sessions.Registry;

/// <summary>Writes into the registry what a node tells of its own sessions, many at a time.</summary>
internal sealed class ClientSessionWriter(PortalDatabase database, ThisNode node, TimeProvider time)
{
    /// <summary>Uses so close together are written as one.</summary>
    private static readonly TimeSpan Grain = TimeSpan.FromSeconds(5);

    public async Task WriteUsesAsync(IReadOnlyCollection<KeyValuePair<ClientSessionId, LiveUse>> uses, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        foreach (var group in uses.GroupBy(use => (use.Value.InUse, use.Value.LastActiveAt.Ticks / Grain.Ticks)))
        {
            ClientSessionId[] ids = [.. group.Select(use => use.Key)];
            var at = group.Max(use => use.Value.LastActiveAt);
            var inUse = group.Key.InUse;
            await scope.Db.ClientSessions.Where(s => ids.Contains(s.Id) && s.EndedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.LastActiveAt, at).SetProperty(s => s.InUse, inUse), cancellationToken);
        }

        await scope.CommitAsync(cancellationToken);
    }

    /// <summary>What ended already keeps its first reason.</summary>
    public async Task WriteEndsAsync(IReadOnlyCollection<KeyValuePair<ClientSessionId, SessionEnding>> endings, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        foreach (var group in endings.GroupBy(ending => (ending.Value.End, ending.Value.At.Ticks / Grain.Ticks)))
        {
            ClientSessionId[] ids = [.. group.Select(ending => ending.Key)];
            await EndAsync(scope.Db.ClientSessions.Where(s => ids.Contains(s.Id)), group.Key.End, group.Max(ending => ending.Value.At), cancellationToken);
        }

        await scope.CommitAsync(cancellationToken);
    }

    /// <summary>This node stops, and with it every session that it still has.</summary>
    public async Task WriteStopAsync(CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        await EndAsync(scope.Db.ClientSessions.Where(s => s.NodeId == node.Id), SessionEnd.NodeStopped, time.GetUtcNow(), cancellationToken);
        await scope.CommitAsync(cancellationToken);
    }

    private static Task<int> EndAsync(IQueryable<ClientSession> sessions, SessionEnd end, DateTimeOffset at, CancellationToken cancellationToken) =>
        sessions.Where(s => s.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, at).SetProperty(s => s.EndReason, end).SetProperty(s => s.InUse, false), cancellationToken);
}
