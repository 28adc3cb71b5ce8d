using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.Issuers;

/// <summary>A linkable issuer as its person sees it.</summary>
/// <param name="Issuer">The issuer.</param>
/// <param name="Subject">Who they are there; null when it is not linked.</param>
/// <param name="Since">When it was linked.</param>
internal sealed record IssuerListing(string Issuer, string? Subject, DateTimeOffset? Since);

/// <summary>
/// Whose account at another issuer belongs to whom here: known by signing in with both, and by nothing else. Its tokens count from then on, and no
/// later than two seconds after the link is gone they do not.
/// </summary>
internal sealed class IssuerLinks(PortalDatabase database, LinkableIssuers issuers, AuditLog audit, Invalidations invalidations, TimeProvider time)
{
    /// <summary>Every issuer that can be linked, and what the person has linked.</summary>
    public async Task<IReadOnlyList<IssuerListing>> ListAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var rows = await scope.Db.Identities.AsNoTracking().Where(i => i.UserId == user).ToListAsync(cancellationToken);
        return [.. issuers.All.Select(known => rows.Find(row => row.Issuer == known.Issuer) is { } row
            ? new IssuerListing(known.Issuer, row.Subject, row.CreatedAt)
            : new IssuerListing(known.Issuer, null, null))];
    }

    /// <summary>Links what was proved.</summary>
    /// <returns>Null; or a sentence for the person when it cannot be.</returns>
    public async Task<string?> AddAsync(UserId user, string issuer, string subject, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var known = await scope.Db.Identities.AsNoTracking().Where(i => i.Issuer == issuer && (i.Subject == subject || i.UserId == user)).ToListAsync(cancellationToken);
        if (!await IsActiveAsync(scope, user, cancellationToken))
        {
            return "Your account here is disabled. An administrator of this portal can enable it again.";
        }

        if (known.Exists(row => row.UserId != user))
        {
            return "That account is linked to somebody else here. They have to remove it from their profile first.";
        }

        if (known.Count > 0)
        {
            return known.Exists(row => row.Subject == subject) ? null : "You have linked another account of this issuer. Remove it from your profile first.";
        }

        scope.Db.Identities.Add(new Identity { Issuer = issuer, Subject = subject, UserId = user, CreatedAt = time.GetUtcNow() });
        Record(scope, AuditAction.IdentityLinked, user, issuer, subject, actor);
        try
        {
            await scope.CommitAsync(cancellationToken);
            return null;
        }
        catch (DbUpdateException e) when (DuplicateKey.Is(e))
        {
            return "That account was linked in the same moment. Look at your profile.";
        }
    }

    /// <summary>Takes a link back. False: there is none, or it is not one that a person made.</summary>
    public async Task<bool> RemoveAsync(UserId user, string issuer, Actor actor, CancellationToken cancellationToken)
    {
        // Others' rows, and the identity with which people sign in here, are none of its business.
        if (actor.User != user || issuers.Find(issuer) is null)
        {
            return false;
        }

        await using var scope = await database.ForSystemAsync(cancellationToken);
        if (!await IsActiveAsync(scope, user, cancellationToken) || await scope.Db.Identities.SingleOrDefaultAsync(i => i.Issuer == issuer && i.UserId == user, cancellationToken) is not { } row)
        {
            return false;
        }

        scope.Db.Identities.Remove(row);
        Record(scope, AuditAction.IdentityUnlinked, user, issuer, row.Subject, actor);
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    private static Task<bool> IsActiveAsync(SystemScope scope, UserId user, CancellationToken cancellationToken) =>
        scope.Db.Users.AnyAsync(u => u.Id == user && u.Status == UserStatus.Active, cancellationToken);

    private void Record(DatabaseScope scope, AuditAction action, UserId user, string issuer, string subject, Actor actor)
    {
        audit.Record(scope, action, actor, "user", user.ToString(), user, ("issuer", issuer), ("subject", subject));
        invalidations.Publish(scope, InvalidationKind.User, user.Value);
    }
}
