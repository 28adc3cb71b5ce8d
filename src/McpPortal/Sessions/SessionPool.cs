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
    private const int MaxAttempts = 5;
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

        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var slot = _sessions.GetOrAdd(key, _ => new Slot());
            var result = await slot.OpenOnceAsync(() => OpenAsync(slot, key, server, credentials), cancellationToken);
            if (result is not SessionResult.Opened { Session: var session })
            {
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

        return new SessionResult.Unreachable($"{server.Name} ends its sessions as soon as they are open.");
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

    private async Task<SessionResult> OpenAsync(Slot slot, SessionKey key, ServerSnapshot server, CredentialSet.Ready credentials)
    {
        // Off the caller's thread and context: the session outlives the request that asked for it.
        var result = await Task.Run(() => _opener.OpenAsync(key, server, credentials, _stopping.Token), _stopping.Token);
        _failures.Note(key, result);
        if (result is SessionResult.Opened { Session: var session })
        {
            // In its place before it is checked: what is withdrawn from now on reaches it as an invalidation.
            slot.Session = session;
            if (await StandingOfAsync(session) == Standing.Good)
            {
                return result;
            }

            End(session);
            result = new SessionResult.Refused($"Access to {server.Name} changed while the portal connected. Try again.");
        }

        // Here and not by those who wait: all of them may have given up.
        _sessions.TryRemove(new(key, slot));
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

    private Task RecheckAsync(List<UpstreamSession> sessions) =>
        Parallel.ForEachAsync(sessions, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = _stopping.Token }, async (session, _) =>
        {
            switch (await StandingOfAsync(session))
            {
                case Standing.Withdrawn:
                    End(session);
                    Log.Aborted(_logger, session.Server.Slug, session.Key.User.Value);
                    break;
                case Standing.Edited:
                    Remove(session);
                    session.Retire();
                    break;
            }
        });

    /// <summary>Whether the user may still use the server and the credential.</summary>
    private async Task<Standing> StandingOfAsync(UpstreamSession session)
    {
        try
        {
            if (!await _accounts.IsActiveAsync(session.Key.User, _stopping.Token)
                || await _catalog.FindAsync(session.Key.User, session.Key.Server, _stopping.Token) is not { } server
                || await _resolver.ResolveAsync(session.Key.User, server, _stopping.Token) is not CredentialSet.Ready ready
                || ready.Key != session.Key.Credentials)
            {
                return Standing.Withdrawn;
            }

            return server.Version == session.Key.ServerVersion ? Standing.Good : Standing.Edited;
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            // In doubt, nobody's credential stays in use.
            Log.CheckFailed(_logger, session.Server.Slug, e.GetType().Name);
            return Standing.Withdrawn;
        }
    }

    /// <summary>Stops the session's calls at once. Closing is not waited for: an upstream that hangs must not keep the others' sessions open.</summary>
    private void End(UpstreamSession session)
    {
        Remove(session);
        _ = Task.Run(async () =>
        {
            try
            {
                await session.AbortAsync();
            }
            catch (Exception e)
            {
                Log.CloseFailed(_logger, session.Server.Slug, e.GetType().Name);
            }
        });
    }

    private void Remove(UpstreamSession session)
    {
        if (_sessions.TryGetValue(session.Key, out var slot) && slot.Session == session)
        {
            _sessions.TryRemove(new(session.Key, slot));
        }
    }

    private enum Standing
    {
        Good,

        /// <summary>A merely edited server lets running calls end.</summary>
        Edited,

        Withdrawn,
    }

    /// <summary>The place of one session: opened by the first who asks, awaited by the others.</summary>
    private sealed class Slot
    {
        private readonly Lock _gate = new();
        private Task<SessionResult>? _opening;
        private volatile UpstreamSession? _session;

        public UpstreamSession? Session
        {
            get => _session;
            set => _session = value;
        }

        public Task<SessionResult> OpenOnceAsync(Func<Task<SessionResult>> open, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                _opening ??= open();
                return _opening.WaitAsync(cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The session at {Server} of user {User} was ended: its reason is gone.")]
        public static partial void Aborted(ILogger logger, string server, Guid user);

        [LoggerMessage(LogLevel.Warning, "A session at {Server} was ended because it could not be checked ({Reason}).")]
        public static partial void CheckFailed(ILogger logger, string server, string reason);

        [LoggerMessage(LogLevel.Warning, "A session at {Server} could not be closed ({Reason}).")]
        public static partial void CloseFailed(ILogger logger, string server, string reason);
    }
}
