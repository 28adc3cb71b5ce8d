using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Accounts;

/// <summary>Administers people: who they are, whether they may come in, who administers the portal.</summary>
internal sealed class Users(PortalDatabase database, AuditLog audit, Invalidations invalidations, TimeProvider clock)
{
    public async Task<IReadOnlyList<UserSummary>> ListAsync(CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        return await scope.Db.Users.AsNoTracking().Where(u => u.Status != UserStatus.Deleted).OrderBy(u => u.Email).ThenBy(u => u.DisplayName).ThenBy(u => u.Id)
            .Select(u => new UserSummary(u.Id, u.DisplayName, u.Email, u.EmailVerified, u.Status, u.ClaimedRoles | u.GrantedRoles, u.GrantedRoles, u.CreatedAt, u.LastSignInAt))
            .ToListAsync(cancellationToken);
    }

    /// <summary>Finds by <c>issuer|sub</c>, else by a verified address of <paramref name="issuer"/> that only one user has.</summary>
    /// <returns>The user, or null when there is none or more than one.</returns>
    public async Task<UserId?> FindAsync(string name, string issuer, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var bar = name.IndexOf('|', StringComparison.Ordinal);
        var identities = scope.Db.Identities.AsNoTracking();
        var found = bar > 0
            ? identities.Where(i => i.Issuer == name.Substring(0, bar) && i.Subject == name.Substring(bar + 1)).Select(i => i.UserId)
            : from i in identities
              join u in scope.Db.Users on i.UserId equals u.Id
              where i.Issuer == issuer && u.EmailVerified && u.Email == name && u.Status != UserStatus.Deleted
              select u.Id;
        return await found.Distinct().Take(2).ToListAsync(cancellationToken) is [var only] ? only : null;
    }

    /// <summary>Ends every sign-in at once and lets the user in no more; what they stored stays.</summary>
    public Task<UserChange> DisableAsync(UserId user, Actor actor, CancellationToken cancellationToken) =>
        ChangeAsync(user, actor, AuditAction.UserDisabled, u => u.Status == UserStatus.Active, u => u.Status = UserStatus.Disabled, cancellationToken);

    public Task<UserChange> EnableAsync(UserId user, Actor actor, CancellationToken cancellationToken) =>
        ChangeAsync(user, actor, AuditAction.UserEnabled, u => u.Status == UserStatus.Disabled, u => u.Status = UserStatus.Active, cancellationToken);

    public Task<UserChange> GrantAdminAsync(UserId user, Actor actor, CancellationToken cancellationToken) =>
        ChangeAsync(user, actor, AuditAction.UserRolesChanged, u => !u.GrantedRoles.HasFlag(Roles.Admin), u => u.GrantedRoles |= Roles.Admin, cancellationToken);

    /// <summary>Takes back what the portal granted; a role that the provider claims stays.</summary>
    public Task<UserChange> RevokeAdminAsync(UserId user, Actor actor, CancellationToken cancellationToken) =>
        ChangeAsync(user, actor, AuditAction.UserRolesChanged, u => u.GrantedRoles.HasFlag(Roles.Admin), u => u.GrantedRoles &= ~Roles.Admin, cancellationToken);

    private async Task<UserChange> ChangeAsync(UserId id, Actor actor, AuditAction action, Func<User, bool> applies, Action<User> change, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        await OneAtATimeAsync(scope, cancellationToken);
        if (await scope.Db.Users.SingleOrDefaultAsync(u => u.Id == id && u.Status != UserStatus.Deleted, cancellationToken) is not { } user)
        {
            return UserChange.NotFound;
        }

        if (!applies(user))
        {
            return UserChange.Unchanged;
        }

        var (rolesBefore, wasAdmin) = (user.Roles, IsAdmin(user));
        change(user);
        if (wasAdmin && !IsAdmin(user) && !await OtherAdminAsync(scope, id, cancellationToken))
        {
            return UserChange.LastAdmin;
        }

        if (user.Status == UserStatus.Disabled)
        {
            foreach (var session in await scope.Db.SignInSessions.Where(s => s.UserId == id && s.EndedAt == null).ToListAsync(cancellationToken))
            {
                session.EndedAt = clock.GetUtcNow();
            }
        }

        audit.Record(scope, action, actor, "user", id.ToString(), id, ("from", rolesBefore.ToString()), ("to", user.Roles.ToString()));
        invalidations.Publish(scope, InvalidationKind.User, id.Value);
        await scope.CommitAsync(cancellationToken);
        return UserChange.Done;
    }

    private static bool IsAdmin(User user) => user.Status == UserStatus.Active && user.Roles.HasFlag(Roles.Admin);

    private static Task<bool> OtherAdminAsync(SystemScope scope, UserId id, CancellationToken cancellationToken) =>
        scope.Db.Users.AnyAsync(u => u.Id != id && u.Status == UserStatus.Active && ((u.ClaimedRoles | u.GrantedRoles) & Roles.Admin) == Roles.Admin, cancellationToken);

    /// <summary>Two administrators who remove each other at the same moment must not both succeed.</summary>
    private static Task<int> OneAtATimeAsync(SystemScope scope, CancellationToken cancellationToken) => scope.Db.Database.IsNpgsql()
        ? scope.Db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext('portal.users'))", cancellationToken)
        : scope.Db.Database.ExecuteSqlAsync($"exec sp_getapplock @Resource = N'portal.users', @LockMode = N'Exclusive'", cancellationToken);
}
