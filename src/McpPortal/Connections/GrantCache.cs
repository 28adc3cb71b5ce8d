using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Keeps people's grants in memory, encrypted, so that a warm call asks no database. Every change of a grant publishes its owner's credentials.</summary>
internal sealed class GrantCache
{
    private readonly PortalDatabase _database;
    private readonly Memory<UserId, UserGrants> _grants;

    public GrantCache(PortalDatabase database, Invalidations invalidations)
    {
        _database = database;
        _grants = new Memory<UserId, UserGrants>(invalidations, LoadAsync);
        invalidations.Subscribe(message =>
        {
            switch (message.Kind)
            {
                case InvalidationKind.Everything:
                    _grants.ForgetAll();
                    break;
                case InvalidationKind.Credentials:
                    _grants.Forget(UserId.From(message.Subject));
                    break;
                default:
                    break;
            }
        });
    }

    public ValueTask<UserGrants> GetAsync(UserId user, CancellationToken cancellationToken) => _grants.GetAsync(user, cancellationToken);

    public void Forget(UserId user) => _grants.Forget(user);

    private async Task<UserGrants> LoadAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForUserAsync(user, cancellationToken);
        var links = await scope.Db.ServerCredentials.AsNoTracking().Where(l => l.UserId == user).ToListAsync(cancellationToken);
        var connections = await scope.Db.Connections.AsNoTracking().Where(c => c.OwnerKind == OwnerKind.User && c.OwnerId == user.Value).ToListAsync(cancellationToken);
        return new UserGrants(links, connections);
    }
}
