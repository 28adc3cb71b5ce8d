using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Accounts;

/// <summary>Keeps the account of the one user as the mode says: an administrator in single-user mode, disabled in an installation with sign-in.</summary>
internal sealed class SingleUserAccount(SingleUserMode mode, AuditLog audit, Invalidations invalidations, TimeProvider clock)
{
    private static readonly Actor Start = Actor.Job("start");

    /// <returns>Whether the user was made just now, for the first time.</returns>
    public async Task<bool> PrepareAsync(SystemScope scope, CancellationToken cancellationToken)
    {
        if (await scope.Db.Users.SingleOrDefaultAsync(u => u.Id == SingleUserMode.User, cancellationToken) is not { } user)
        {
            if (mode.IsOn)
            {
                Make(scope);
            }

            return mode.IsOn;
        }

        if (mode.IsOn && (user.Status == UserStatus.Disabled || !user.GrantedRoles.HasFlag(Roles.Admin)))
        {
            (user.Status, user.GrantedRoles) = (UserStatus.Active, user.GrantedRoles | Roles.Admin);
            Record(scope, AuditAction.UserEnabled);
        }
        else if (!mode.IsOn && user.Status == UserStatus.Active)
        {
            user.Status = UserStatus.Disabled;
            foreach (var session in await scope.Db.SignInSessions.Where(s => s.UserId == user.Id && s.EndedAt == null).ToListAsync(cancellationToken))
            {
                session.EndedAt = clock.GetUtcNow();
            }

            Record(scope, AuditAction.UserDisabled);
        }

        return false;
    }

    private void Make(SystemScope scope)
    {
        var now = clock.GetUtcNow();
        scope.Db.Users.Add(new User { Id = SingleUserMode.User, DisplayName = SingleUserMode.Name, GrantedRoles = Roles.Admin, CreatedAt = now });
        scope.Db.Identities.Add(new Identity { Issuer = SingleUserMode.Issuer, Subject = SingleUserMode.Name, UserId = SingleUserMode.User, CreatedAt = now });
        Record(scope, AuditAction.UserCreated);
    }

    private void Record(SystemScope scope, AuditAction action)
    {
        audit.Record(scope, action, Start, "user", SingleUserMode.User.ToString(), SingleUserMode.User, ("mode", mode.IsOn ? "single user" : "sign-in through a provider"));
        invalidations.Publish(scope, InvalidationKind.User, SingleUserMode.User.Value);
    }
}
