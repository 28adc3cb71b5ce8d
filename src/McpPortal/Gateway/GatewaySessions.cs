using McpPortal.Calls;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Sessions;
using McpPortal.StreamableHttp;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>AI clients' sessions of the older revisions on this node. What changes for their user reaches them; what is withdrawn ends them.</summary>
internal sealed class GatewaySessions : IDisposable
{
    private const char Acting = '/';
    private readonly UpstreamNews _news;

    public GatewaySessions(GatewayOptions options, Invalidations invalidations, UpstreamNews news, TimeProvider time)
    {
        _news = news;
        Table = new McpSessionTable(new McpSessionLimits { IdleTimeout = options.SessionTimeout, MaxSessionsPerUser = options.MaxSessionsPerUser }, time);
        invalidations.Subscribe(invalidation => _ = Task.Run(() => FollowAsync(invalidation)));
    }

    public McpSessionTable Table { get; }

    /// <summary>Whose sessions: a session is of a user, whichever key or token of theirs began it. A program that acts for them has its own.</summary>
    public static string KeyOf(Caller caller) => caller.ServiceKeyId is { } program ? $"{caller.User}{Acting}{program}" : caller.User.ToString();

    public void Dispose() => Table.Dispose();

    private Task FollowAsync(Invalidation invalidation) => invalidation.Kind switch
    {
        // Clients begin a new session, if they still may.
        InvalidationKind.User or InvalidationKind.AccessKeys or InvalidationKind.ClientGrants => Task.WhenAll(Of(new UserId(invalidation.Subject)).Select(session => Table.CloseAsync(session.Id))),
        InvalidationKind.Everything => Task.WhenAll(Table.List().Select(session => Table.CloseAsync(session.Id))),
        InvalidationKind.Credentials or InvalidationKind.Groups => ToolsChangedAsync(new UserId(invalidation.Subject)),
        InvalidationKind.Server => ToolsChangedAsync(null),
        _ => Task.CompletedTask,
    };

    /// <summary>For one user, or for whoever it may concern.</summary>
    private Task ToolsChangedAsync(UserId? user)
    {
        _news.Tell(user, new UpstreamNotice(null, NotificationMethods.ToolListChangedNotification));
        return Task.WhenAll((user is { } one ? Of(one) : Table.List())
            .Select(session => Table.SendAsync(session.Id, new JsonRpcNotification { Method = NotificationMethods.ToolListChangedNotification })));
    }

    /// <summary>The user's own sessions, and those of programs that act for them.</summary>
    private IEnumerable<McpSessionInfo> Of(UserId user)
    {
        var own = user.ToString();
        return Table.List().Where(session => session.UserKey == own || session.UserKey.StartsWith(own + Acting, StringComparison.Ordinal));
    }
}
