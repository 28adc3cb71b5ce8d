using System.Collections.Concurrent;
using McpPortal.Accounts;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Servers;

namespace McpPortal.Sessions;

/// <summary>
/// The upstream sessions of this node: one per key, opened once however many ask at the same time. Sessions whose reason is gone
/// (user disabled, credential withdrawn, server edited) are ended when the invalidation arrives.
/// </summary>
internal sealed partial class SessionPool : IAsyncDisposable
{
    private readonly ConcurrentDictionary<SessionKey, Slot> _sessions = new();
    private readonly SessionOpener _opener;
    private readonly AccountStates _accounts;
    private readonly ServerCatalog _catalog;
    private readonly CredentialResolver _resolver;
    private readonly SessionsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SessionPool> _logger;
    private readonly OpenFailures _failures;
    private readonly CancellationTokenSource _stopping = new();

    public SessionPool(
        SessionOpener opener,
        AccountStates accounts,
        ServerCatalog catalog,
        CredentialResolver resolver,
        Invalidations invalidations,
        SessionsOptions options,
        TimeProvider time,
        ILogger<SessionPool> logger)
    {
        (_opener, _accounts, _catalog, _resolver, _options, _time, _logger) = (opener, accounts, catalog, resolver, options, time, logger);
        _failures = new OpenFailures(time);

        // Accounts, catalogue and credentials are constructed before and so hear of a change first: the check below sees the new state.
        invalidations.Subscribe(OnInvalidation);
    }

    /// <summary>Live sessions, for pages and the sweeper.</summary>
    public IReadOnlyList<UpstreamSession> Live => [.. _sessions.Values.Select(slot => slot.Session).OfType<UpstreamSession>()];

    /// <summary>
    /// The session of this user at this server with these credentials, entered: the caller must <see cref="UpstreamSession.Leave"/> it.
    /// Opening is shared and goes on when one of those who wait gives up.
    /// </summary>
    public async Task<SessionResult> EnterAsync(UserId user, ServerSnapshot server, CredentialSet.Ready credentials, CancellationToken cancellationToken)
    {
        var key = new SessionKey(user, server.Id, server.Version, credentials.Key);
        if (_failures.Recent(key) is { } failure)
        {
            return failure;
        }

        while (true)
        {
            var slot = _sessions.GetOrAdd(key, _ => new Slot());
            var result = await slot.OpenOnceAsync(() => OpenAsync(key, server, credentials), cancellationToken);
            if (result is not SessionResult.Opened { Session: var session })
            {
                if (_sessions.TryRemove(new(key, slot)))
                {
                    _failures.Note(key, result);
                }

                return result;
            }

            if (!(session.ReplaceAt <= _time.GetUtcNow()) && session.TryEnter())
            {
                return result;
            }

            if (_sessions.TryRemove(new(key, slot)))
            {
                session.Retire();
            }
        }
    }

    /// <summary>Ends sessions that were idle for too long, hold a token that is about to end, or whose server went away.</summary>
    public void Sweep()
    {
        _failures.Sweep();
        var now = _time.GetUtcNow();
        var live = Live;
        foreach (var session in live.Where(s => !s.IsUsable || s.ReplaceAt <= now || (s.ActiveCalls == 0 && now - s.LastUsedAt > _options.IdleTimeout)))
        {
            Remove(session);
            session.Retire();
        }

        foreach (var session in live.Where(s => s.ActiveCalls == 0).OrderBy(s => s.LastUsedAt).Take(_sessions.Count - _options.Max))
        {
            Remove(session);
            session.Retire();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(Live.Select(session => session.AbortAsync()));
        _stopping.Dispose();
    }

    private async Task<SessionResult> OpenAsync(SessionKey key, ServerSnapshot server, CredentialSet.Ready credentials)
    {
        // Off the caller's thread and context: the session outlives the request that asked for it.
        var result = await Task.Run(() => _opener.OpenAsync(key, server, credentials, _stopping.Token), _stopping.Token);

        if (result is SessionResult.Opened)
        {
            _failures.Note(key, result);
        }

        // What was withdrawn while it opened was told to the sessions that were open then.
        if (result is SessionResult.Opened { Session: var session } && await IsWithdrawnAsync(session))
        {
            await session.AbortAsync();
            return new SessionResult.Refused($"Access to {server.Name} changed while the portal connected. Try again.");
        }

        return result;
    }

    private void OnInvalidation(Invalidation invalidation)
    {
        var affected = Live.Where(session => invalidation.Kind switch
        {
            InvalidationKind.Everything => true,
            InvalidationKind.User or InvalidationKind.Credentials or InvalidationKind.Groups => session.Key.User.Value == invalidation.Subject,
            InvalidationKind.Server => session.Key.Server.Value == invalidation.Subject,
            InvalidationKind.Connection => session.Key.Credentials.Contains(invalidation.Subject.ToString(), StringComparison.Ordinal),
            _ => false,
        }).ToList();
        if (affected.Count > 0)
        {
            _ = Task.Run(() => RecheckAsync(affected), _stopping.Token);
        }
    }

    private async Task RecheckAsync(List<UpstreamSession> sessions)
    {
        foreach (var session in sessions)
        {
            try
            {
                if (await IsWithdrawnAsync(session))
                {
                    Remove(session);
                    await session.AbortAsync();
                    Log.Aborted(_logger, session.Server.Slug, session.Key.User.Value);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // In doubt, nobody's credential stays in use.
                Remove(session);
                await session.AbortAsync();
                Log.CheckFailed(_logger, session.Server.Slug, e.GetType().Name);
            }
        }
    }

    /// <summary>Whether the user may no longer use the server or the credential. A merely edited server lets running calls end.</summary>
    private async Task<bool> IsWithdrawnAsync(UpstreamSession session)
    {
        if (!await _accounts.IsActiveAsync(session.Key.User, _stopping.Token)
            || await _catalog.FindAsync(session.Key.User, session.Key.Server, _stopping.Token) is not { } server
            || await _resolver.ResolveAsync(session.Key.User, server, _stopping.Token) is not CredentialSet.Ready ready
            || ready.Key != session.Key.Credentials)
        {
            return true;
        }

        if (server.Version != session.Key.ServerVersion)
        {
            Remove(session);
            session.Retire();
        }

        return false;
    }

    private void Remove(UpstreamSession session)
    {
        if (_sessions.TryGetValue(session.Key, out var slot) && slot.Session == session)
        {
            _sessions.TryRemove(new(session.Key, slot));
        }
    }

    /// <summary>The place of one session: opened by the first who asks, awaited by the others.</summary>
    private sealed class Slot
    {
        private readonly Lock _gate = new();
        private Task<SessionResult>? _opening;
        private volatile UpstreamSession? _session;

        public UpstreamSession? Session => _session;

        public Task<SessionResult> OpenOnceAsync(Func<Task<SessionResult>> open, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                _opening ??= RunAsync(open);
                return _opening.WaitAsync(cancellationToken);
            }
        }

        private async Task<SessionResult> RunAsync(Func<Task<SessionResult>> open)
        {
            var result = await open();
            _session = (result as SessionResult.Opened)?.Session;
            return result;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The session at {Server} of user {User} was ended: its reason is gone.")]
        public static partial void Aborted(ILogger logger, string server, Guid user);

        [LoggerMessage(LogLevel.Warning, "A session at {Server} was ended because it could not be checked ({Reason}).")]
        public static partial void CheckFailed(ILogger logger, string server, string reason);
    }
}
