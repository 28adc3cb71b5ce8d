using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Ui;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Sessions.Registry;

/// <summary>
/// The registry of MCP clients' sessions, over all nodes: who has which, how many at most, and their end by a person. The sessions
/// themselves live on their nodes, which hear of an end within two seconds.
/// </summary>
internal sealed class ClientSessions(PortalDatabase database, AuditLog audit, Invalidations invalidations, ClientSessionOptions options, ThisNode node, PublicUrl publicUrl, TimeProvider time)
{
    /// <summary>So many of a person's sessions that are over stay in the list, however many they begin.</summary>
    public const int KeptEnded = 200;

    public ClientSessionOptions Options => options;

    /// <summary>Enters a session that begins on this node; where there are too many, the one unused longest makes room.</summary>
    /// <param name="session">The new one.</param>
    /// <param name="here">The user's sessions on this node, or those of the same program for them, looked at while nobody else of the user begins one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null; or why it must not begin, in a sentence for its user.</returns>
    public async Task<string?> BeginAsync(ClientSession session, Func<IReadOnlyDictionary<ClientSessionId, LiveUse>> here, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(session.UserId, cancellationToken);
        await OneAtATimeAsync(scope, cancellationToken);

        // A program that acts for the user has places of its own: it cannot push out what they use themselves.
        var own = scope.Db.ClientSessions.Where(s => s.UserId == session.UserId && s.ServiceKeyId == session.ServiceKeyId);
        var rows = await own.Where(s => s.EndedAt == null).Select(s => new { s.Id, s.NodeId, Use = new LiveUse(s.LastActiveAt, s.InUse) }).ToListAsync(cancellationToken);
        var live = here();

        // A row of this node without its session is over; that is yet to be written.
        var open = rows.Where(row => row.NodeId != node.Id || live.ContainsKey(row.Id)).Select(row => (row.Id, Use: live.GetValueOrDefault(row.Id, row.Use))).ToList();
        var excess = open.Count - options.MaxSessionsPerUser + 1;
        var leaving = open.Where(row => !row.Use.InUse).OrderBy(row => row.Use.LastActiveAt).Take(Math.Max(0, excess)).Select(row => row.Id).ToList();
        if (excess > 0 && (options.AtMaximumSessions == AtMaximum.Refuse || leaving.Count < excess))
        {
            return Refusal(open.Count);
        }

        foreach (var id in leaving)
        {
            await TryEndAsync(scope, id, SessionEnd.MadeRoom, by: null, cancellationToken);
        }

        await own.Where(s => s.EndedAt != null).OrderByDescending(s => s.EndedAt).ThenBy(s => s.Id).Skip(KeptEnded).ExecuteDeleteAsync(cancellationToken);
        scope.Db.ClientSessions.Add(session);
        await scope.CommitAsync(cancellationToken);
        return null;
    }

    /// <summary>The user's sessions, open ones first.</summary>
    public async Task<IReadOnlyList<SessionListing>> ListAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var own = scope.Db.ClientSessions.AsNoTracking().Where(s => s.UserId == user);
        var open = await own.Where(s => s.EndedAt == null).OrderByDescending(s => s.LastActiveAt).ToListAsync(cancellationToken);
        var ended = await own.Where(s => s.EndedAt != null).OrderByDescending(s => s.EndedAt).Take(KeptEnded).ToListAsync(cancellationToken);
        return [.. open.Concat(ended).Select(SessionListing.Of)];
    }

    /// <summary>Ends one session of the user. False: they have no such session, or it is over.</summary>
    public async Task<bool> EndAsync(UserId user, ClientSessionId session, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var ended = await EndInAsync(scope, scope.Db.ClientSessions.Where(s => s.Id == session && s.UserId == user), SessionEnd.Owner, actor, cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return ended > 0;
    }

    /// <summary>Ends all sessions of the user.</summary>
    /// <returns>How many.</returns>
    public async Task<int> EndAllAsync(UserId user, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var ended = await EndInAsync(scope, scope.Db.ClientSessions.Where(s => s.UserId == user), SessionEnd.Owner, actor, cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return ended;
    }

    /// <summary>Ends those of these sessions that are open, in the caller's transaction.</summary>
    /// <returns>How many.</returns>
    public async Task<int> EndInAsync(DatabaseScope scope, IQueryable<ClientSession> sessions, SessionEnd end, Actor actor, CancellationToken cancellationToken)
    {
        var ended = 0;
        foreach (var session in await sessions.Where(s => s.EndedAt == null).OrderBy(s => s.Id).Select(s => new { s.Id, s.UserId, s.ClientName }).ToListAsync(cancellationToken))
        {
            if (await TryEndAsync(scope, session.Id, end, actor.User, cancellationToken))
            {
                audit.Record(scope, AuditAction.SessionEnded, actor, "mcp-session", session.Id.ToString(), session.UserId, ("client", session.ClientName));
                ended++;
            }
        }

        return ended;
    }

    /// <summary>Whether the registry holds this session of the user for open: for a node that has no news and may not rely on its memory.</summary>
    public async Task<bool> IsOpenAsync(UserId user, ClientSessionId session, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        return await scope.Db.ClientSessions.AnyAsync(s => s.Id == session && s.UserId == user && s.EndedAt == null, cancellationToken);
    }

    /// <summary>The user's open sessions whose key or grant is still theirs, and those that needed neither.</summary>
    public async Task<IReadOnlySet<ClientSessionId>> StillGrantedAsync(UserId user, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var db = scope.Db;
        return await db.ClientSessions
            .Where(s => s.UserId == user && s.EndedAt == null
                && ((s.AccessKeyId == null && s.GrantId == null)
                    || db.AccessKeys.Any(k => k.Id == s.AccessKeyId && k.RevokedAt == null)
                    || db.ClientGrants.Any(g => g.Id == s.GrantId && g.RevokedAt == null)))
            .Select(s => s.Id).ToHashSetAsync(cancellationToken);
    }

    private async Task<bool> TryEndAsync(DatabaseScope scope, ClientSessionId session, SessionEnd end, UserId? by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await scope.Db.ClientSessions.Where(s => s.Id == session && s.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now).SetProperty(s => s.EndReason, end).SetProperty(s => s.EndedBy, by).SetProperty(s => s.InUse, false), cancellationToken) == 0)
        {
            return false;
        }

        invalidations.Publish(scope, InvalidationKind.ClientSession, session.Value);
        return true;
    }

    private string Refusal(int open) =>
        $"You have {Format.Count(open, "session", "sessions")} open, and {Format.Count(options.MaxSessionsPerUser)} may be open at once"
        + (options.AtMaximumSessions == AtMaximum.Refuse ? "." : "; all of them are in use.")
        + $" Close a client, or end a session at {publicUrl.Absolute("/sessions")}";

    /// <summary>Two clients that begin at the same moment, on any nodes, must not both take the last place.</summary>
    private static Task<int> OneAtATimeAsync(UserScope scope, CancellationToken cancellationToken)
    {
        var name = $"portal.sessions.{scope.User}";
        return scope.Db.Database.IsNpgsql()
            ? scope.Db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({name}, 0))", cancellationToken)
            : scope.Db.Database.ExecuteSqlAsync($"exec sp_getapplock @Resource = {name}, @LockMode = N'Exclusive'", cancellationToken);
    }
}
