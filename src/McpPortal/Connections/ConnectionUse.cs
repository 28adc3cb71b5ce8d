using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Remembers when connections were used and writes it now and then: a call must not wait for that.</summary>
internal sealed class ConnectionUse(PortalDatabase database, TimeProvider time)
{
    private readonly LastUses<ConnectionId, DateTimeOffset> _used = new();

    public void Mark(ConnectionId connection) => _used.Note(connection, time.GetUtcNow());

    public Task WriteAsync(CancellationToken cancellationToken) => _used.WriteAsync(async batch =>
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var ids = Array.ConvertAll(batch, entry => entry.Key);
        var at = batch.Max(entry => entry.Value);
        await scope.Db.Connections.Where(c => ids.Contains(c.Id) && (c.LastUsedAt == null || c.LastUsedAt < at))
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.LastUsedAt, at), cancellationToken);
        await scope.CommitAsync(cancellationToken);
    });
}
