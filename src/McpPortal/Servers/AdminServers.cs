using McpPortal.Audit;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Servers;

/// <summary>The organisation's servers as administrators see them: disabled ones, access rules and how many people rely on each.</summary>
internal sealed class AdminServers(PortalDatabase database)
{
    private const int MaxPeople = 20;

    /// <summary>Empty for whoever is no administrator.</summary>
    public async Task<IReadOnlyList<AdminServerRow>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        if (!await scope.IsAdminAsync(actor, cancellationToken))
        {
            return [];
        }

        var servers = await scope.Db.Servers.AsNoTracking().Where(s => s.OwnerKind == OwnerKind.Organisation && s.RemovedAt == null).OrderBy(s => s.Name).ToListAsync(cancellationToken);
        var rules = (await scope.Db.ServerAccess.AsNoTracking().ToListAsync(cancellationToken)).ToLookup(rule => rule.ServerId);
        var groups = await scope.Db.Groups.ToDictionaryAsync(g => g.Id.Value, g => g.Name, cancellationToken);
        var named = rules.SelectMany(r => r).Where(r => r.Subject == AccessSubject.User).Select(r => new UserId(r.SubjectId)).Distinct().ToList();
        var people = await scope.Db.Users.Where(u => named.Contains(u.Id)).ToDictionaryAsync(u => u.Id.Value, u => u.DisplayName, cancellationToken);
        var secrets = await scope.Db.Secrets.Where(s => s.OwnerKind == OwnerKind.User).Select(s => new { s.ServerId, User = s.OwnerId }).Distinct().ToListAsync(cancellationToken);
        var links = await scope.Db.ServerCredentials.Select(c => new { c.ServerId, c.UserId }).Distinct().ToListAsync(cancellationToken);
        var users = secrets.Select(s => (s.ServerId, s.User)).Concat(links.Select(l => (l.ServerId, l.UserId.Value))).ToLookup(x => x.ServerId, x => x.Item2);
        return [.. servers.Select(server => new AdminServerRow
        {
            Server = ServerSnapshot.Of(server),
            Access = [.. rules[server.Id].OrderBy(r => r.Subject).Select(r => new NamedRule(new AccessRule(r.Subject, r.SubjectId, r.Allow), Name(r)))],
            PeopleWithCredentials = users[server.Id].Distinct().Count(),
            UpdatedAt = server.UpdatedAt,
        })];

        string Name(ServerAccess rule) => rule.Subject switch
        {
            AccessSubject.Everyone => "Everyone",
            AccessSubject.Group => groups.GetValueOrDefault(rule.SubjectId, "a group that is gone"),
            _ => people.GetValueOrDefault(rule.SubjectId, "a person who is gone"),
        };
    }

    /// <summary>Groups and people whose name or address contains the words, for a rule about them.</summary>
    public async Task<IReadOnlyList<NamedRule>> FindSubjectsAsync(Actor actor, string words, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        if (words.Length == 0 || !await scope.IsAdminAsync(actor, cancellationToken))
        {
            return [];
        }

        // The provider escapes what LIKE would read as a pattern.
        var lower = words.ToLowerInvariant();
#pragma warning disable CA1304, CA1311, CA1862, MA0011 // translated to the database's lower()
        var groups = await scope.Db.Groups.Where(g => g.Name.ToLower().Contains(lower)).OrderBy(g => g.Name).Take(MaxPeople).ToListAsync(cancellationToken);
        var people = await scope.Db.Users
            .Where(u => u.Status == UserStatus.Active && (u.DisplayName.ToLower().Contains(lower) || (u.Email != null && u.Email.ToLower().Contains(lower))))
            .OrderBy(u => u.DisplayName).Take(MaxPeople).ToListAsync(cancellationToken);
#pragma warning restore CA1304, CA1311, CA1862, MA0011
        return
        [
            .. groups.Select(g => new NamedRule(new AccessRule(AccessSubject.Group, g.Id.Value, Allow: true), g.Name)),
            .. people.Select(u => new NamedRule(new AccessRule(AccessSubject.User, u.Id.Value, Allow: true), u.Email is null ? u.DisplayName : $"{u.DisplayName} ({u.Email})")),
        ];
    }
}
