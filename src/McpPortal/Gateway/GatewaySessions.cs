using System.Collections.Concurrent;
using McpPortal.Calls;
using McpPortal.Clients.ActAs;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Sessions;
using McpPortal.Sessions.Registry;
using McpPortal.StreamableHttp;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>
/// AI clients' sessions of the older revisions on this node, each with its row in the registry of all nodes. What changes for their user
/// reaches them; what is withdrawn or ended from outside ends them.
/// </summary>
internal sealed partial class GatewaySessions : IDisposable
{
    private const char Acting = '/';
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly ClientSessions _registry;
    private readonly SessionRows _rows;
    private readonly Invalidations _invalidations;
    private readonly ActAsPeople _people;
    private readonly UpstreamNews _news;
    private readonly ThisNode _node;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Sessions that are being entered into the registry, and whether access was withdrawn from their user meanwhile.</summary>
    private readonly ConcurrentDictionary<string, bool> _beginning = new(StringComparer.Ordinal);

    public GatewaySessions(
        GatewayOptions options,
        ClientSessions registry,
        SessionRows rows,
        ActAsPeople people,
        Invalidations invalidations,
        UpstreamNews news,
        ThisNode node,
        TimeProvider time,
        ILogger<GatewaySessions> logger)
    {
        (_registry, _rows, _people, _invalidations, _news, _node, _time, _logger) = (registry, rows, people, invalidations, news, node, time, logger);

        // How many a user may have is asked of the registry, which knows those on other nodes.
        Table = new McpSessionTable(new McpSessionLimits { IdleTimeout = registry.Options.SessionTimeout, MaxSessionsPerUser = int.MaxValue, MaxRequestsPerUser = options.MaxRequestsPerUser }, time) { Ended = EndedAsync };
        invalidations.Subscribe(invalidation => _ = Task.Run(() => FollowAsync(invalidation)));
    }

    public McpSessionTable Table { get; }

    /// <summary>Whose sessions: a session is of a user, whichever key or token of theirs began it. A program that acts for them has its own.</summary>
    public static string KeyOf(Caller caller) => caller.ServiceKeyId is { } program ? $"{caller.User}{Acting}{program}" : KeyOf(caller.User);

    public static string KeyOf(UserId user) => user.ToString();

    public static LiveUse UseOf(McpSessionInfo session) => new(session.LastUsed, session.ActiveRequests > 0);

    /// <summary>Enters a session into the registry, or says why it may not begin.</summary>
    public async ValueTask<McpSessionRefusal?> BeginAsync(HttpContext context, McpSessionStart start)
    {
        var row = SessionOpening.Of(context, start, _node, _time.GetUtcNow());
        _rows.Add(start.Id, row.Id);
        _beginning[start.Id] = false;
        var doubted = false;
        try
        {
            if (await _registry.BeginAsync(row, () => UsesOf(KeyOf(GatewayCaller.Of(context))), context.RequestAborted) is { } sentence)
            {
                _rows.Forget(start.Id);
                return new McpSessionRefusal(StatusCodes.Status429TooManyRequests, sentence);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Nobody knows whether the row is there: the end of the session, which follows, is written in any case.
            Log.NotEntered(_logger, e.GetType().Name);
            return new McpSessionRefusal(StatusCodes.Status503ServiceUnavailable, "The portal could not enter the session into its registry. Try again in a moment.");
        }
        finally
        {
            _beginning.TryRemove(start.Id, out doubted);
        }

        if (doubted)
        {
            await CloseWithdrawnAsync(GatewayCaller.Of(context).User);
        }

        // Withdrawn meanwhile: its end may have been written before there was a row.
        return Table.EndOf(start.Id) is null ? await WithdrawnAsync(start.Id, row.Id) : null;
    }

    /// <summary>Whether a session of this node may be used: without news it may have been ended elsewhere, and the registry is asked.</summary>
    public async ValueTask<bool> IsOpenAsync(HttpContext context, string session) =>
        _invalidations.IsCurrent
        || (_invalidations.HasHeard && await _invalidations.BecomesCurrentAsync(Patience, context.RequestAborted))
        || (_rows.Of(session) is { } row && await _registry.IsOpenAsync(GatewayCaller.Of(context).User, row, context.RequestAborted));

    public void Dispose() => Table.Dispose();

    private async Task<McpSessionRefusal> WithdrawnAsync(string session, ClientSessionId row)
    {
        _rows.Add(session, row);
        await _rows.EndAsync(session, SessionEnd.AccessChanged);
        return new McpSessionRefusal(StatusCodes.Status404NotFound, "The session ended before it had begun. Begin another one.");
    }

    private Dictionary<ClientSessionId, LiveUse> UsesOf(string key)
    {
        var uses = new Dictionary<ClientSessionId, LiveUse>();
        foreach (var session in Table.List(key))
        {
            if (_rows.Of(session.Id) is { } row)
            {
                uses[row] = UseOf(session);
            }
        }

        return uses;
    }

    private Task EndedAsync(string session, McpSessionEnd end)
    {
        if (end == McpSessionEnd.Stopped)
        {
            // Written for all of them at once, as long as there is a database to write to.
            return Task.CompletedTask;
        }

        return _rows.EndAsync(session, end == McpSessionEnd.Idle ? SessionEnd.Idle : SessionEnd.Client);
    }

    private Task FollowAsync(Invalidation invalidation) => invalidation.Kind switch
    {
        // Clients begin a new session, if they still may.
        InvalidationKind.User => CloseAsync(Of(new UserId(invalidation.Subject)), SessionEnd.AccessChanged),
        InvalidationKind.AccessKeys or InvalidationKind.ClientGrants => CloseWithdrawnAsync(new UserId(invalidation.Subject)),
        InvalidationKind.ActAs => CloseForbiddenAsync(Table.List()),
        InvalidationKind.Everything => CloseAsync(Table.List(), SessionEnd.OutOfTouch),
        InvalidationKind.ClientSession => CloseEndedAsync(new ClientSessionId(invalidation.Subject)),
        InvalidationKind.Node when invalidation.Subject == _node.Id.Value => CloseAsync(Table.List(), SessionEnd.NodeGone),
        InvalidationKind.Groups => GroupsChangedAsync(new UserId(invalidation.Subject)),
        InvalidationKind.Credentials or InvalidationKind.Toolsets => OfferChangedAsync(new UserId(invalidation.Subject)),
        InvalidationKind.Server => OfferChangedAsync(null),
        _ => Task.CompletedTask,
    };

    private Task CloseAsync(IEnumerable<McpSessionInfo> sessions, SessionEnd end) =>
        Task.WhenAll(sessions.Select(session => Task.WhenAll(_rows.EndAsync(session.Id, end), Table.CloseAsync(session.Id))));

    /// <summary>
    /// A new key ends nothing, and a revoked one only what it began. When nobody can say which that is, all of it. The registry cannot say it yet
    /// of what is just beginning, which is looked at again when it has begun.
    /// </summary>
    private async Task CloseWithdrawnAsync(UserId user)
    {
        var sessions = Table.List(KeyOf(user));
        if (sessions.Count == 0)
        {
            return;
        }

        IReadOnlySet<ClientSessionId> granted = new HashSet<ClientSessionId>();
        try
        {
            granted = await _registry.StillGrantedAsync(user, CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotAsked(_logger, e.GetType().Name);
        }

        await CloseAsync(sessions.Where(session => (_rows.Of(session.Id) is not { } row || !granted.Contains(row)) && !IsBeginning(session.Id)), SessionEnd.AccessChanged);
    }

    private bool IsBeginning(string session) => _beginning.TryUpdate(session, true, false) || _beginning.ContainsKey(session);

    /// <summary>Who leaves a group is no longer acted for by its programs; the others see other tools.</summary>
    private async Task GroupsChangedAsync(UserId user)
    {
        await CloseForbiddenAsync([.. Of(user)]);
        await OfferChangedAsync(user);
    }

    /// <summary>Closes those of programs that may not act for their person any more.</summary>
    private Task CloseForbiddenAsync(IReadOnlyList<McpSessionInfo> sessions) => Task.WhenAll(sessions
        .Where(session => session.UserKey.Contains(Acting, StringComparison.Ordinal))
        .GroupBy(session => session.UserKey, StringComparer.Ordinal)
        .Select(async acting =>
        {
            var end = acting.Key.IndexOf(Acting, StringComparison.Ordinal);
            if (!await MayActAsync(acting.Key[(end + 1)..], new UserId(Guid.Parse(acting.Key.AsSpan(0, end)))))
            {
                await CloseAsync(acting, SessionEnd.AccessChanged);
            }
        }));

    /// <summary>When nobody can say, it may not.</summary>
    private async Task<bool> MayActAsync(string program, UserId user)
    {
        try
        {
            return await _people.MayActAsync(program, user, CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotAsked(_logger, e.GetType().Name);
            return false;
        }
    }

    /// <summary>In the registry it is over already.</summary>
    private async Task CloseEndedAsync(ClientSessionId row)
    {
        if (_rows.SessionOf(row) is { } session)
        {
            _rows.Forget(session);
            await Table.CloseAsync(session);
        }
    }

    /// <summary>Other tools, prompts and resources may be listed now, for one user or for whoever it may concern.</summary>
    private Task OfferChangedAsync(UserId? user)
    {
        foreach (var method in ListsChanged.All)
        {
            _news.Tell(user, new UpstreamNotice(null, method));
        }

        return Task.WhenAll(
            from session in user is { } one ? Of(one) : Table.List()
            from method in ListsChanged.ToldAt(session.Path)
            select Table.SendAsync(session.Id, new JsonRpcNotification { Method = method }));
    }

    /// <summary>The user's own sessions, and those of programs that act for them.</summary>
    private IEnumerable<McpSessionInfo> Of(UserId user)
    {
        var own = KeyOf(user);
        return Table.List().Where(session => session.UserKey == own || session.UserKey.StartsWith(own + Acting, StringComparison.Ordinal));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The database could not say which sessions of a user are still granted, so all of them end ({Reason}).")]
        public static partial void NotAsked(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Warning, "A session of an MCP client could not be entered into the registry ({Reason}).")]
        public static partial void NotEntered(ILogger logger, string reason);
    }
}
