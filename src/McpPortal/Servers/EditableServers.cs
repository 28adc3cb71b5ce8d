using McpPortal.Audit;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Servers;

/// <summary>What pages show of servers that a person may edit, disabled ones included: their own, and the organisation's for administrators.</summary>
internal sealed class EditableServers(PortalDatabase database)
{
    /// <summary>The person's own servers that are switched off; the catalogue leaves them out.</summary>
    public async Task<IReadOnlyList<ServerSnapshot>> ListOwnDisabledAsync(UserId owner, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(owner, cancellationToken);
        var rows = await scope.Db.Servers.AsNoTracking()
            .Where(s => s.OwnerKind == OwnerKind.User && s.OwnerId == owner.Value && s.RemovedAt == null && !s.Enabled)
            .OrderBy(s => s.Name).ToListAsync(cancellationToken);
        return rows.ConvertAll(ServerSnapshot.Of);
    }

    /// <summary>Null for whatever the actor may not edit.</summary>
    public async Task<ServerSnapshot?> FindAsync(string slug, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.User is { } user)
        {
            await using var own = await database.ForUserAsync(user, cancellationToken);
            if (await own.Db.Servers.AsNoTracking().FirstOrDefaultAsync(
                s => s.OwnerKind == OwnerKind.User && s.OwnerId == user.Value && s.Slug == slug && s.RemovedAt == null, cancellationToken) is { } mine)
            {
                return ServerSnapshot.Of(mine);
            }
        }

        await using var scope = await database.ForSystemAsync(cancellationToken);
        return await scope.IsAdminAsync(actor, cancellationToken)
            && await scope.Db.Servers.AsNoTracking().FirstOrDefaultAsync(s => s.OwnerKind == OwnerKind.Organisation && s.Slug == slug && s.RemovedAt == null, cancellationToken) is { } server
                ? ServerSnapshot.Of(server)
                : null;
    }
}
