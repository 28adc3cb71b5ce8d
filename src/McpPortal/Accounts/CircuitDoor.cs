using System.Collections.Concurrent;
using System.Data.Common;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace McpPortal.Accounts;

/// <summary>
/// Stands before the hub of the circuits, because a circuit knows only who opened it: hears a connection while its sign-in counts and somebody
/// uses it, hangs up on it a moment later, and lets nobody return to the circuit of another sign-in.
/// </summary>
internal sealed partial class CircuitDoor : IHubFilter, IDisposable
{
    /// <summary>So that the page can still be told where to go.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Page> _open = new(StringComparer.Ordinal);
    private readonly AccountStates _states;
    private readonly CircuitOwners _owners;
    private readonly ILogger<CircuitDoor> _logger;
    private readonly TimeProvider _time;
    private readonly TimeSpan _idleTimeout;
    private readonly IDisposable _watch;
    private readonly ITimer _sweep;

    public CircuitDoor(AccountStates states, CircuitOwners owners, IOptions<AccountsOptions> options, TimeProvider time, ILogger<CircuitDoor> logger)
    {
        (_states, _owners, _time, _logger, _idleTimeout) = (states, owners, time, logger, options.Value.IdleTimeout);
        _watch = states.Watch(OnChanged);
        _sweep = time.CreateTimer(_ => EndUnused(), null, SweepInterval, SweepInterval);
    }

    public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        var connection = context.Context;
        _open[connection.ConnectionId] = new Page(connection, _time.GetUtcNow().UtcTicks);
        if (await CountsAsync(connection))
        {
            await next(context);
        }
        else
        {
            connection.Abort();
        }
    }

    public async Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        _open.TryRemove(context.Context.ConnectionId, out _);
        _owners.Left(context.Context.ConnectionId);
        await next(context, exception);
    }

    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext context, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var connection = context.Context;
        switch (context.HubMethodName)
        {
            case "OnRenderCompleted":
                // Says only that something was drawn; without it a circuit stands still for good.
                return await next(context);
            case "ResumeCircuit":
                // Would give what one person's circuit kept to whoever knows its name.
                return null;
            case not null when !await CountsAsync(connection) || !IsUsed(connection, context.HubMethodName):
                return null;
            case "ConnectCircuit" when context.HubMethodArguments is not [string circuit, ..] || !_owners.Return(circuit, connection.ConnectionId, connection.User!.FindSignIn()!.Value):
                return false;
        }

        var answer = await next(context);
        if (context.HubMethodName == "StartCircuit" && answer is string secret)
        {
            _owners.Add(secret, connection.ConnectionId, connection.User!.FindSignIn()!.Value);
        }

        return answer;
    }

    public void Dispose()
    {
        _watch.Dispose();
        _sweep.Dispose();
    }

    /// <summary>
    /// Whether somebody used the page lately, as <c>Accounts:IdleTimeout</c> asks of every sign-in: a circuit sends no cookie that could grow
    /// old. Answers to the portal's own calls are no use.
    /// </summary>
    private bool IsUsed(HubCallerContext connection, string method)
    {
        if (!_open.TryGetValue(connection.ConnectionId, out var page))
        {
            return false;
        }

        var now = _time.GetUtcNow().UtcTicks;
        if (now - page.UsedAt > _idleTimeout.Ticks)
        {
            connection.Abort();
            return false;
        }

        if (method is "BeginInvokeDotNetFromJS" or "OnLocationChanged")
        {
            page.UsedAt = now;
        }

        return true;
    }

    private void EndUnused()
    {
        var longAgo = (_time.GetUtcNow() - _idleTimeout).UtcTicks;
        foreach (var page in _open.Values.Where(page => page.UsedAt < longAgo))
        {
            page.Connection.Abort();
        }
    }

    private void OnChanged(Invalidation invalidation)
    {
        foreach (var connection in _open.Values.Select(page => page.Connection))
        {
            if (connection.User?.FindUserId() is { } user && connection.User.FindSignIn() is { } session && AccountStates.Concerns(invalidation, user, session))
            {
                _ = EndUnlessCountsAsync(connection);
            }
        }
    }

    private async Task EndUnlessCountsAsync(HubCallerContext connection)
    {
        // Whoever told of the change does not wait for this.
        await Task.Yield();
        if (!await CountsAsync(connection))
        {
            await Task.Delay(Grace, CancellationToken.None);
            connection.Abort();
        }
    }

    private async ValueTask<bool> CountsAsync(HubCallerContext connection)
    {
        try
        {
            return connection.User?.FindSignIn() is { } session && connection.User.FindUserId() is { } user
                && await _states.GetAsync(session, user, connection.ConnectionAborted) is not null;
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or TimeoutException or OperationCanceledException)
        {
            Log.NotChecked(_logger, e.GetType().Name);
            return false;
        }
    }

    private sealed class Page(HubCallerContext connection, long openedAt)
    {
        private long _usedAt = openedAt;

        public HubCallerContext Connection => connection;

        /// <summary>Ticks of the time of day, in UTC.</summary>
        public long UsedAt
        {
            get => Volatile.Read(ref _usedAt);
            set => Volatile.Write(ref _usedAt, value);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The sign-in of an open page could not be checked ({Reason}); what it asked for was not done")]
        public static partial void NotChecked(ILogger logger, string reason);
    }
}
