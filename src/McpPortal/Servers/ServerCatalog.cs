using System.Collections.Concurrent;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Servers;

/// <summary>Which servers a user may use: their own and those of the organisation that access rules allow. Hidden, foreign and missing are one: null.</summary>
internal sealed class ServerCatalog
{
    private readonly PortalDatabase _database;
    private readonly Memory<UserId, View> _views;
    private readonly ConcurrentDictionary<ServerId, ServerSnapshot> _shared = new();

    public ServerCatalog(PortalDatabase database, Invalidations invalidations)
    {
        _database = database;
        _views = new Memory<UserId, View>(invalidations, LoadAsync);
        invalidations.Subscribe(Forget);
    }

    /// <summary>Every server the user may call, by name.</summary>
    public async ValueTask<IReadOnlyList<ServerSnapshot>> ListAsync(UserId user, CancellationToken cancellationToken) =>
        (await _views.GetAsync(user, cancellationToken)).All;

    public async ValueTask<ServerSnapshot?> FindAsync(UserId user, string slug, CancellationToken cancellationToken) =>
        (await _views.GetAsync(user, cancellationToken)).BySlug.GetValueOrDefault(slug);

    public async ValueTask<ServerSnapshot?> FindAsync(UserId user, ServerId id, CancellationToken cancellationToken) =>
        (await _views.GetAsync(user, cancellationToken)).ById.GetValueOrDefault(id);

    private async Task<View> LoadAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForUserAsync(user, cancellationToken);
        var groups = await scope.Db.GroupMembers.Where(m => m.UserId == user).Select(m => m.GroupId).ToListAsync(cancellationToken);
        var servers = await scope.Db.Servers.AsNoTracking()
            .Where(s => s.Enabled && s.RemovedAt == null)
            .Where(s => (s.OwnerKind == OwnerKind.User && s.OwnerId == user.Value) || s.OwnerKind == OwnerKind.Organisation)
            .ToListAsync(cancellationToken);
        var rules = (await scope.Db.ServerAccess.AsNoTracking().ToListAsync(cancellationToken)).ToLookup(rule => rule.ServerId);
        var memberships = groups.Select(group => group.Value).ToHashSet();
        return new View(servers
            .Where(s => s.OwnerKind == OwnerKind.User || ServerAccessRules.Allow(rules[s.Id], user, memberships))
            .Select(Share));
    }

    /// <summary>One object per server and version, however many users remember it.</summary>
    private ServerSnapshot Share(Server server)
    {
        if (_shared.TryGetValue(server.Id, out var known) && known.Version == server.Version)
        {
            return known;
        }

        return _shared[server.Id] = ServerSnapshot.Of(server);
    }

    private void Forget(Invalidation invalidation)
    {
        switch (invalidation.Kind)
        {
            case InvalidationKind.Server or InvalidationKind.Everything:
                _views.ForgetAll();
                _shared.Clear();
                break;
            case InvalidationKind.User or InvalidationKind.Groups:
                _views.Forget(new UserId(invalidation.Subject));
                break;
        }
    }

    private sealed class View
    {
        public View(IEnumerable<ServerSnapshot> servers)
        {
            // A person's own server keeps its name when the organisation later adds one of the same name: nobody's clients are redirected.
            var distinct = servers.OrderBy(s => s.Owner.Kind).DistinctBy(s => s.Slug, StringComparer.Ordinal).ToList();
            All = [.. distinct.OrderBy(s => s.Name, StringComparer.OrdinalIgnoreCase).ThenBy(s => s.Slug, StringComparer.Ordinal)];
            BySlug = distinct.ToDictionary(s => s.Slug, StringComparer.Ordinal);
            ById = distinct.ToDictionary(s => s.Id);
        }

        public IReadOnlyList<ServerSnapshot> All { get; }

        public Dictionary<string, ServerSnapshot> BySlug { get; }

        public Dictionary<ServerId, ServerSnapshot> ById { get; }
    }
}
