using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>The live sessions of the older revisions on this node: limits, idle sweep, and a view for those who manage them.</summary>
public sealed class McpSessionTable : IDisposable
{
    private readonly ConcurrentDictionary<string, HostedSession> _sessions = new(StringComparer.Ordinal);
    private readonly McpSessionLimits _limits;
    private readonly TimeProvider _time;
    private readonly ITimer _sweeper;
    private readonly Lock _adding = new();
    private readonly Dictionary<string, int> _running = new(StringComparer.Ordinal);

    /// <summary>Starts an empty table that sweeps itself.</summary>
    public McpSessionTable(McpSessionLimits limits, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(time);
        _limits = limits;
        _time = time;
        var period = TimeSpan.FromTicks(Math.Clamp(limits.IdleTimeout.Ticks / 4, TimeSpan.TicksPerSecond, TimeSpan.TicksPerMinute));
        _sweeper = time.CreateTimer(_ => Sweep(), null, period, period);
    }

    /// <summary>Told of each session that ended, by its id; whoever ends it waits for this. Must not throw.</summary>
    public Func<string, McpSessionEnd, Task>? Ended { get; init; }

    /// <summary>Every live session, or those of one user.</summary>
    public IReadOnlyList<McpSessionInfo> List(string? userKey = null) =>
        [.. _sessions.Values.Where(s => userKey is null || s.UserKey == userKey).Select(s => s.Describe())];

    /// <summary>Ends a session, also while it is in use; false when there is none of this id.</summary>
    public Task<bool> CloseAsync(string id) => CloseAsync(id, McpSessionEnd.Closed);

    /// <summary>Sends a notification (a changed tool list, say) to the standing streams of one user, or of everybody.</summary>
    public Task NotifyAsync(string method, string? userKey = null, CancellationToken cancellationToken = default) =>
        // All at once: one client that does not read must not keep the others from hearing.
        Task.WhenAll(_sessions.Values.Where(s => userKey is null || s.UserKey == userKey).Select(s => SendAsync(s.Id, new JsonRpcNotification { Method = method }, cancellationToken)));

    /// <summary>Sends a notification to the standing stream of one session, if it still is one.</summary>
    public async Task SendAsync(string id, JsonRpcNotification notification, CancellationToken cancellationToken = default)
    {
        try
        {
            if (Find(id) is { } session)
            {
                await session.TellAsync(notification, cancellationToken);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // The session ended meanwhile, or its reader is gone; others still have to hear.
        }
    }

    /// <summary>Cancelled when the session ends; null when there is none.</summary>
    public CancellationToken? EndOf(string id) => Find(id)?.Ended;

    /// <summary>Stops the sweep and ends every session.</summary>
    public void Dispose()
    {
        _sweeper.Dispose();
        CloseAll();
    }

    internal void CloseAll()
    {
        foreach (var session in _sessions.Values)
        {
            _ = CloseAsync(session.Id, McpSessionEnd.Stopped);
        }
    }

    internal async Task<bool> CloseAsync(string id, McpSessionEnd end)
    {
        if (!_sessions.TryRemove(id, out var session))
        {
            return false;
        }

        await Task.WhenAll(session.DisposeAsync().AsTask(), Ended?.Invoke(id, end) ?? Task.CompletedTask);
        return true;
    }

    /// <summary>A session that is unused for too long is none, also before the next sweep.</summary>
    internal HostedSession? Find(string id) =>
        _sessions.GetValueOrDefault(id) is { } session && !TryExpire(session, Cutoff, McpSessionEnd.Idle) ? session : null;

    /// <summary>Counts a request of this user that is about to be read. False: too many are under way.</summary>
    internal bool TryBegin(string userKey)
    {
        lock (_running)
        {
            ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(_running, userKey, out _);
            if (own >= _limits.MaxRequestsPerUser)
            {
                return false;
            }

            own++;
            return true;
        }
    }

    /// <summary>The request is answered.</summary>
    internal void End(string userKey)
    {
        lock (_running)
        {
            if (--CollectionsMarshal.GetValueRefOrNullRef(_running, userKey) == 0)
            {
                _running.Remove(userKey);
            }
        }
    }

    /// <summary>Adds a session within the limits; otherwise says why not.</summary>
    internal McpFault? TryAdd(HostedSession session)
    {
        lock (_adding)
        {
            if (_sessions.Count >= _limits.MaxSessions)
            {
                return new(503, -32000, "Too many sessions are open; try again later.");
            }

            var own = _sessions.Values.Where(s => s.UserKey == session.UserKey).OrderBy(s => s.LastUsed).ToArray();
            if (own.Length >= _limits.MaxSessionsPerUser && !Array.Exists(own, s => TryExpire(s, DateTimeOffset.MaxValue, McpSessionEnd.MadeRoom)))
            {
                return new(429, -32000, "You have too many sessions open; close one and try again.");
            }

            _sessions[session.Id] = session;
            return null;
        }
    }

    private DateTimeOffset Cutoff => _time.GetUtcNow() - _limits.IdleTimeout;

    private void Sweep()
    {
        var cutoff = Cutoff;
        foreach (var session in _sessions.Values)
        {
            TryExpire(session, cutoff, McpSessionEnd.Idle);
        }
    }

    private bool TryExpire(HostedSession session, DateTimeOffset cutoff, McpSessionEnd end)
    {
        if (!session.TryExpire(cutoff))
        {
            return false;
        }

        _ = CloseAsync(session.Id, end);
        return true;
    }
}
