using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.ActAs;

/// <summary>The programs that may act for a person, switched on and off by that person alone.</summary>
internal sealed class ActAsConsents(PortalDatabase database, AuditLog audit, Invalidations invalidations, TimeProvider time)
{
    /// <summary>Programs of the person's groups, those that are off too.</summary>
    public async Task<IReadOnlyList<ProgramListing>> ListAsync(UserId user, CancellationToken cancellationToken)
    {
        List<GroupId> groups;
        Dictionary<string, DateTimeOffset> given;
        await using (var own = await database.ForUserAsync(user, cancellationToken))
        {
            groups = await own.Db.GroupMembers.Where(m => m.UserId == user).Select(m => m.GroupId).ToListAsync(cancellationToken);
            given = await own.Db.ActAsConsents.Where(c => c.UserId == user).ToDictionaryAsync(c => c.ServiceKeyId, c => c.GivenAt, StringComparer.Ordinal, cancellationToken);
        }

        if (groups.Count == 0)
        {
            return [];
        }

        var now = time.GetUtcNow();
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var keys = await (
            from key in scope.Db.ServiceKeys
            join grp in scope.Db.Groups on key.GroupId equals grp.Id
            where groups.Contains(key.GroupId) && key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now)
            orderby key.Name, key.Id
            select new { key.Id, key.Name, Group = grp.Name, key.ExpiresAt }).ToListAsync(cancellationToken);
        return keys.ConvertAll(key => new ProgramListing(key.Id, key.Name, key.Group, key.ExpiresAt, given.TryGetValue(key.Id, out var since) ? since : null));
    }

    /// <summary>Lets the program act for the person, or no longer; effective on every node within two seconds. False: no program of theirs.</summary>
    public async Task<bool> SetAsync(UserId user, string keyId, bool allowed, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.User != user || await FindAsync(user, keyId, cancellationToken) is not { } program)
        {
            return false;
        }

        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var given = await scope.Db.ActAsConsents.SingleOrDefaultAsync(c => c.UserId == user && c.ServiceKeyId == keyId, cancellationToken);
        if (allowed == given is not null)
        {
            return true;
        }

        if (given is null)
        {
            scope.Db.ActAsConsents.Add(new ActAsConsent { ServiceKeyId = keyId, UserId = user, GivenAt = time.GetUtcNow() });
        }
        else
        {
            scope.Db.ActAsConsents.Remove(given);
        }

        audit.Record(scope, allowed ? AuditAction.ActAsAllowed : AuditAction.ActAsWithdrawn, actor, "service-key", keyId, user, ("name", program.Name), ("group", program.Group));
        invalidations.Publish(scope, InvalidationKind.ActAs, user.Value);
        try
        {
            await scope.CommitAsync(cancellationToken);
        }
        catch (DbUpdateException e) when (e is DbUpdateConcurrencyException || DuplicateKey.Is(e))
        {
            // Pressed twice at once: the other one has done the same.
        }

        return true;
    }

    private async Task<ProgramListing?> FindAsync(UserId user, string keyId, CancellationToken cancellationToken) =>
        (await ListAsync(user, cancellationToken)).FirstOrDefault(program => program.KeyId == keyId);
}
