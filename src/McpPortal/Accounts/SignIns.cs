using McpPortal.Accounts.Oidc;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace McpPortal.Accounts;

/// <summary>Begins and ends sign-ins. A person is found by (issuer, subject) and by nothing else.</summary>
internal sealed class SignIns(
    PortalDatabase database, AuditLog audit, Invalidations invalidations, TimeProvider clock,
    IOptions<OidcSettings> settings, IOptions<AccountsOptions> options)
{
    private const int Attempts = 4;

    /// <summary>Finds or makes the account, brings it up to date with the claims, and begins a session.</summary>
    public async Task<SignInOutcome> BeginAsync(OidcIdentity identity, string? userAgent, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryBeginAsync(identity, userAgent, cancellationToken);
            }
            catch (DbUpdateException) when (attempt < Attempts)
            {
                // Two first sign-ins of one person at once: the second finds what the first has made.
            }
        }
    }

    /// <summary>Ends one sign-in of a user; nothing happens when it is not theirs or has ended.</summary>
    public async Task<bool> EndAsync(UserId user, SignInSessionId session, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var ended = await EndAsync(scope, s => s.Id == session && s.UserId == user, actor, cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return ended > 0;
    }

    /// <summary>Ends what the provider asked to end (back-channel logout).</summary>
    public async Task<int> EndAsync(LogoutRequest request, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var user = request.Subject is null ? null : await scope.Db.Identities
            .Where(i => i.Issuer == request.Issuer && i.Subject == request.Subject).Select(i => (UserId?)i.UserId).SingleOrDefaultAsync(cancellationToken);
        if (request.Subject is not null && user is null)
        {
            return 0;
        }

        // A token that was kept back must not end what began after it.
        var until = request.IssuedAt + TimeSpan.FromSeconds(60);
        var ended = await EndAsync(
            scope,
            s => s.Issuer == request.Issuer && s.CreatedAt <= until
                && (user == null || s.UserId == user) && (request.SessionId == null || s.ProviderSessionId == request.SessionId),
            Actor.Job("back-channel logout"),
            cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return ended;
    }

    private async Task<int> EndAsync(SystemScope scope, System.Linq.Expressions.Expression<Func<SignInSession, bool>> which, Actor actor, CancellationToken cancellationToken)
    {
        var sessions = await scope.Db.SignInSessions.Where(s => s.EndedAt == null).Where(which).ToListAsync(cancellationToken);
        foreach (var session in sessions)
        {
            session.EndedAt = clock.GetUtcNow();
            audit.Record(scope, AuditAction.UserSignedOut, actor, "sign-in", session.Id.ToString(), session.UserId);
            invalidations.Publish(scope, InvalidationKind.SignIn, session.Id.Value);
        }

        return sessions.Count;
    }

    private async Task<SignInOutcome> TryBeginAsync(OidcIdentity identity, string? userAgent, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var user = await (
            from i in scope.Db.Identities
            join u in scope.Db.Users on i.UserId equals u.Id
            where i.Issuer == identity.Issuer && i.Subject == identity.Subject
            select u).SingleOrDefaultAsync(cancellationToken);
        if (user is { Status: not UserStatus.Active })
        {
            return new SignInOutcome.Refused("Your account here is disabled. An administrator of this portal can enable it again.");
        }

        if (user is null)
        {
            user = new User { DisplayName = NameOf(identity), CreatedAt = now };
            scope.Db.Users.Add(user);
            scope.Db.Identities.Add(new Identity { Issuer = identity.Issuer, Subject = identity.Subject, UserId = user.Id, CreatedAt = now });
            audit.Record(scope, AuditAction.UserCreated, Actor.Page(user.Id), "user", user.Id.ToString(), details: [("issuer", identity.Issuer), ("subject", identity.Subject)]);
        }

        var addressBefore = user.EmailVerified ? user.Email : null;
        user.DisplayName = NameOf(identity);
        user.Email = identity.Email is { Length: <= 320 } email ? email : null;
        user.EmailVerified = user.Email is not null && identity.EmailVerified;
        user.LastSignInAt = now;
        if ((user.EmailVerified ? user.Email : null) != addressBefore)
        {
            // Programs may name people by their address: what it stood for until now is remembered no longer.
            invalidations.Publish(scope, InvalidationKind.ActAs, user.Id.Value);
        }

        UpdateRoles(scope, user, identity);
        await UpdateGroupsAsync(scope, user, identity, cancellationToken);
        var session = new SignInSession
        {
            UserId = user.Id,
            Issuer = identity.Issuer,
            ProviderSessionId = identity.SessionId is { Length: <= 255 } sid ? sid : null,
            CreatedAt = now,
            ExpiresAt = identity.EndsAt < now + options.Value.Lifetime ? identity.EndsAt.Value : now + options.Value.Lifetime,
            UserAgent = userAgent is { Length: > 400 } ? userAgent[..400] : userAgent,
        };
        scope.Db.SignInSessions.Add(session);
        audit.Record(scope, AuditAction.UserSignedIn, Actor.Page(user.Id), "sign-in", session.Id.ToString());
        await scope.CommitAsync(cancellationToken);
        return new SignInOutcome.Accepted(new AccountState(session.Id, user.Id, user.DisplayName, user.Email, user.Roles, session.ExpiresAt));
    }

    private void UpdateRoles(SystemScope scope, User user, OidcIdentity identity)
    {
        var before = user.Roles;
        user.ClaimedRoles = RoleMapping.Claimed(identity, settings.Value);
        if (RoleMapping.IsBootstrapAdmin(identity, settings.Value))
        {
            user.GrantedRoles |= Roles.Admin;
        }

        if (user.Roles != before)
        {
            audit.Record(scope, AuditAction.UserRolesChanged, Actor.Page(user.Id), "user", user.Id.ToString(), details: [("from", before.ToString()), ("to", user.Roles.ToString())]);
            invalidations.Publish(scope, InvalidationKind.User, user.Id.Value);
        }
    }

    private async Task UpdateGroupsAsync(SystemScope scope, User user, OidcIdentity identity, CancellationToken cancellationToken)
    {
        var claimed = await scope.Db.Groups.Where(g => g.ClaimValue != null && identity.RoleValues.Contains(g.ClaimValue)).Select(g => g.Id).ToListAsync(cancellationToken);
        var members = await scope.Db.GroupMembers.Where(m => m.UserId == user.Id).ToListAsync(cancellationToken);
        var gone = members.Where(m => m.FromClaim && !claimed.Contains(m.GroupId)).ToList();
        var added = claimed.Where(g => members.TrueForAll(m => m.GroupId != g)).ToList();
        if (gone.Count + added.Count == 0)
        {
            return;
        }

        scope.Db.GroupMembers.RemoveRange(gone);
        scope.Db.GroupMembers.AddRange(added.Select(g => new GroupMember { GroupId = g, UserId = user.Id, FromClaim = true }));
        foreach (var group in gone.Select(m => m.GroupId).Concat(added))
        {
            audit.Record(scope, AuditAction.GroupChanged, Actor.Page(user.Id), "group", group.ToString(), user.Id, ("member", added.Contains(group) ? "added by claim" : "removed by claim"));
        }

        invalidations.Publish(scope, InvalidationKind.Groups, user.Id.Value);
    }

    private static string NameOf(OidcIdentity identity)
    {
        var name = new string([.. (identity.Name ?? identity.Email ?? identity.Subject).Where(c => !char.IsControl(c))]).Trim();
        return name.Length == 0 ? identity.Subject : name.Length > 200 ? name[..200] : name;
    }
}
