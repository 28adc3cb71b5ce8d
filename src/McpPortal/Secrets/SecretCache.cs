using System.Collections.Frozen;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Secrets;

/// <summary>Remembers, per user, the ciphertext of what they may use, so that a warm call asks no database.</summary>
internal sealed class SecretCache
{
    private readonly PortalDatabase _database;
    private readonly Memory<UserId, View> _views;

    public SecretCache(PortalDatabase database, Invalidations invalidations)
    {
        _database = database;
        _views = new Memory<UserId, View>(invalidations, LoadAsync);
        invalidations.Subscribe(Forget);
    }

    /// <summary>The user's secrets for a server and name, most personal first.</summary>
    public async ValueTask<IReadOnlyList<Secret>> FindAsync(UserId user, ServerId server, string name, CancellationToken cancellationToken) =>
        (await _views.GetAsync(user, cancellationToken)).Of(server, name);

    private async Task<View> LoadAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForUserAsync(user, cancellationToken);
        var groups = scope.Db.GroupMembers.Where(m => m.UserId == user).Select(m => m.GroupId);
        var groupIds = (await groups.ToListAsync(cancellationToken)).ConvertAll(group => group.Value);
        var secrets = await scope.Db.Secrets.AsNoTracking()
            .Where(s => (s.OwnerKind == OwnerKind.User && s.OwnerId == user.Value)
                || (s.OwnerKind == OwnerKind.Group && groupIds.Contains(s.OwnerId))
                || s.OwnerKind == OwnerKind.Organisation)
            .ToListAsync(cancellationToken);
        return new View(secrets);
    }

    private void Forget(Invalidation invalidation)
    {
        switch (invalidation.Kind)
        {
            case InvalidationKind.Everything:
            case InvalidationKind.Credentials when invalidation.Subject == Guid.Empty:
                _views.ForgetAll();
                break;
            case InvalidationKind.Credentials or InvalidationKind.User or InvalidationKind.Groups:
                _views.Forget(new UserId(invalidation.Subject));
                break;
        }
    }

    private sealed class View(IEnumerable<Secret> secrets)
    {
        private readonly FrozenDictionary<(ServerId, string), IReadOnlyList<Secret>> _secrets = secrets
            .GroupBy(s => (s.ServerId, s.Name))
            .ToFrozenDictionary(g => g.Key, g => (IReadOnlyList<Secret>)[.. g.OrderBy(s => s.OwnerKind).ThenBy(s => s.OwnerId)]);

        public IReadOnlyList<Secret> Of(ServerId server, string name) => _secrets.GetValueOrDefault((server, name)) ?? [];
    }
}
