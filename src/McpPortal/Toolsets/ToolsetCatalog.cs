using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Toolsets;

/// <summary>Toolsets by their owner, from memory: everybody has names of their own. Foreign and missing are one: null.</summary>
internal sealed class ToolsetCatalog
{
    private readonly PortalDatabase _database;
    private readonly Memory<UserId, View> _views;

    public ToolsetCatalog(PortalDatabase database, Invalidations invalidations)
    {
        _database = database;
        _views = new Memory<UserId, View>(invalidations, LoadAsync);
        invalidations.Subscribe(Forget);
    }

    /// <summary>The user's toolsets, by name.</summary>
    public async ValueTask<IReadOnlyList<ToolsetSnapshot>> ListAsync(UserId user, CancellationToken cancellationToken) =>
        (await _views.GetAsync(user, cancellationToken)).All;

    public async ValueTask<ToolsetSnapshot?> FindAsync(UserId user, string name, CancellationToken cancellationToken) =>
        (await _views.GetAsync(user, cancellationToken)).ByName.GetValueOrDefault(name);

    private async Task<View> LoadAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForUserAsync(user, cancellationToken);
        var sets = await scope.Db.Toolsets.AsNoTracking().Where(t => t.UserId == user).ToListAsync(cancellationToken);
        var servers = (await scope.Db.ToolsetServers.AsNoTracking().Where(s => s.UserId == user).ToListAsync(cancellationToken)).ToLookup(row => row.ToolsetId);
        return new View([.. sets.OrderBy(set => set.Name, StringComparer.Ordinal).Select(set => new ToolsetSnapshot(set, servers[set.Id]))]);
    }

    private void Forget(Invalidation invalidation)
    {
        switch (invalidation.Kind)
        {
            case InvalidationKind.Everything:
                _views.ForgetAll();
                break;
            case InvalidationKind.Toolsets or InvalidationKind.User:
                _views.Forget(new UserId(invalidation.Subject));
                break;
        }
    }

    private sealed class View(IReadOnlyList<ToolsetSnapshot> all)
    {
        public IReadOnlyList<ToolsetSnapshot> All { get; } = all;

        public Dictionary<string, ToolsetSnapshot> ByName { get; } = all.ToDictionary(set => set.Name, StringComparer.Ordinal);
    }
}
