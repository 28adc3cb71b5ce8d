using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Sessions.Registry;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Admin;

/// <summary>Everybody's sessions of MCP clients: administrators and auditors see them, administrators end them. Each member asks the database first who the actor is.</summary>
internal sealed class SessionsAdmin(PortalDatabase database, ClientSessions sessions, RoleCheck roles)
{
    public const int MaxOpen = 2000;
    public const int MaxEnded = 500;

    /// <summary>Null: the actor is neither administrator nor auditor.</summary>
    public async Task<SessionsOverview?> ListAsync(UserId actor, CancellationToken cancellationToken)
    {
        if (!await roles.HoldsAsync(actor, Roles.Admin | Roles.Auditor, cancellationToken))
        {
            return null;
        }

        var mayEnd = await roles.HoldsAsync(actor, Roles.Admin, cancellationToken);
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var all = scope.Db.ClientSessions.AsNoTracking();
        var open = all.Where(s => s.EndedAt == null);
        var shown = new List<ClientSession>();
        shown.AddRange(await open.OrderByDescending(s => s.LastActiveAt).Take(MaxOpen).ToListAsync(cancellationToken));
        shown.AddRange(await all.Where(s => s.EndedAt != null).OrderByDescending(s => s.EndedAt).Take(MaxEnded).ToListAsync(cancellationToken));
        var ids = shown.Select(s => s.UserId).Distinct().ToList();
        var people = await scope.Db.Users.Where(u => ids.Contains(u.Id)).Select(u => new { u.Id, u.DisplayName, u.Email }).ToDictionaryAsync(u => u.Id, cancellationToken);
        return new SessionsOverview(
            [.. shown.Select(s => new PersonSession(SessionListing.Of(s), s.UserId, people[s.UserId].DisplayName, people[s.UserId].Email))],
            await open.CountAsync(cancellationToken),
            mayEnd);
    }

    /// <summary>Ends one session. Null: the actor is no administrator. False: there is no such session, or it is over.</summary>
    public async Task<bool?> EndAsync(UserId actor, ClientSessionId session, CancellationToken cancellationToken) =>
        await EndAsync(actor, all => all.Where(s => s.Id == session), cancellationToken) is { } ended ? ended > 0 : null;

    /// <summary>Ends all sessions of one person. Null: the actor is no administrator.</summary>
    /// <returns>How many.</returns>
    public Task<int?> EndAllAsync(UserId actor, UserId user, CancellationToken cancellationToken) =>
        EndAsync(actor, all => all.Where(s => s.UserId == user), cancellationToken);

    private async Task<int?> EndAsync(UserId actor, Func<IQueryable<ClientSession>, IQueryable<ClientSession>> which, CancellationToken cancellationToken)
    {
        if (!await roles.HoldsAsync(actor, Roles.Admin, cancellationToken))
        {
            return null;
        }

        await using var scope = await database.ForSystemAsync(cancellationToken);
        var ended = await sessions.EndInAsync(scope, which(scope.Db.ClientSessions), SessionEnd.Admin, Actor.Page(actor), cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return ended;
    }
}
