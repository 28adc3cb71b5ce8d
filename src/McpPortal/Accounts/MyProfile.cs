using McpPortal.Audit;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Accounts;

/// <summary>What a person sees of their own account, and how they end their sign-ins elsewhere.</summary>
internal sealed class MyProfile(PortalDatabase database, SignIns signIns, TimeProvider clock)
{
    private const int MaxSignIns = 200;

    public async Task<ProfileView> GetAsync(UserId user, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var row = await scope.Db.Users.AsNoTracking().SingleAsync(u => u.Id == user, cancellationToken);

        // Not those that are only linked, with which nobody signs in here.
        var identities = await scope.Db.Identities.Where(i => i.UserId == user && scope.Db.SignInSessions.Any(s => s.UserId == user && s.Issuer == i.Issuer)).OrderBy(i => i.CreatedAt)
            .Select(i => new ProfileIdentity(i.Issuer, i.Subject)).ToListAsync(cancellationToken);
        var open = await scope.Db.SignInSessions.Where(s => s.UserId == user && s.EndedAt == null && s.ExpiresAt > now)
            .OrderByDescending(s => s.CreatedAt).Take(MaxSignIns)
            .Select(s => new ProfileSignIn(s.Id, s.CreatedAt, s.ExpiresAt, s.UserAgent)).ToListAsync(cancellationToken);
        return new ProfileView(row.DisplayName, row.Email, row.EmailVerified, row.Roles, row.CreatedAt, identities, open);
    }

    /// <summary>Ends one sign-in of the user; the browser is signed out on every node within two seconds.</summary>
    public Task<bool> EndAsync(UserId user, SignInSessionId session, CancellationToken cancellationToken) =>
        signIns.EndAsync(user, session, Actor.Page(user), cancellationToken);

    /// <summary>Ends all but the one in which this is asked.</summary>
    public async Task EndOthersAsync(UserId user, SignInSessionId? mine, CancellationToken cancellationToken)
    {
        List<SignInSessionId> others;
        await using (var scope = await database.ForUserAsync(user, cancellationToken))
        {
            others = await scope.Db.SignInSessions.Where(s => s.UserId == user && s.EndedAt == null).Select(s => s.Id).ToListAsync(cancellationToken);
        }

        foreach (var session in others.Where(id => id != mine))
        {
            await EndAsync(user, session, cancellationToken);
        }
    }
}
