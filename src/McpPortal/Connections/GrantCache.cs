using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Keeps people's grants in memory, encrypted, so that a warm call asks no database; forgets what another node changed.</summary>
internal sealed class GrantCache
{
    private readonly PortalDatabase _database;
    private readonly Invalidations _invalidations;
    private readonly Lock _gate = new();
    private readonly Dictionary<UserId, Entry> _byUser = [];

    public GrantCache(PortalDatabase database, Invalidations invalidations)
    {
        (_database, _invalidations) = (database, invalidations);
        invalidations.Subscribe(Hear);
    }

    public async ValueTask<UserGrants> GetAsync(UserId user, CancellationToken cancellationToken)
    {
        Entry entry;
        lock (_gate)
        {
            if (!_invalidations.IsCurrent || !_byUser.TryGetValue(user, out entry!) || entry.Load.IsFaulted)
            {
                _byUser[user] = entry = new Entry();
                entry.Load = LoadAsync(user, entry);
            }
        }

        return entry.Loaded ?? await entry.Load.WaitAsync(cancellationToken);
    }

    public void Forget(UserId user)
    {
        lock (_gate)
        {
            _byUser.Remove(user);
        }
    }

    /// <summary>Forgets everybody who holds this connection.</summary>
    public void Forget(ConnectionId connection)
    {
        lock (_gate)
        {
            // One that is still loading may have read the row before it changed.
            foreach (var (user, _) in _byUser.Where(e => e.Value.Loaded is not { } grants || grants.Connection(connection) is not null).ToArray())
            {
                _byUser.Remove(user);
            }
        }
    }

    private void Hear(Invalidation message)
    {
        switch (message.Kind)
        {
            case InvalidationKind.Everything:
                lock (_gate)
                {
                    _byUser.Clear();
                }

                break;
            case InvalidationKind.Credentials:
                Forget(UserId.From(message.Subject));
                break;
            case InvalidationKind.Connection:
                Forget(ConnectionId.From(message.Subject));
                break;
            default:
                break;
        }
    }

    private async Task<UserGrants> LoadAsync(UserId user, Entry entry)
    {
        await using var scope = await _database.ForUserAsync(user, CancellationToken.None);
        var links = await scope.Db.ServerCredentials.AsNoTracking().Where(l => l.UserId == user).ToListAsync();
        var connections = await scope.Db.Connections.AsNoTracking().Where(c => c.OwnerKind == OwnerKind.User && c.OwnerId == user.Value).ToListAsync();
        return entry.Loaded = new UserGrants(links, connections);
    }

    private sealed class Entry
    {
        public Task<UserGrants> Load { get; set; } = null!;

        /// <summary>Set once it is there, so that a warm call does not wait on a task.</summary>
        public UserGrants? Loaded { get; set; }
    }
}
