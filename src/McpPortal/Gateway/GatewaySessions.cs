using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Sessions;
using McpPortal.StreamableHttp;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>AI clients' sessions of the older revisions on this node. What changes for their user reaches them; what is withdrawn ends them.</summary>
internal sealed class GatewaySessions : IDisposable
{
    private readonly UpstreamNews _news;

    public GatewaySessions(GatewayOptions options, Invalidations invalidations, UpstreamNews news, TimeProvider time)
    {
        _news = news;
        Table = new McpSessionTable(new McpSessionLimits { IdleTimeout = options.SessionTimeout, MaxSessionsPerUser = options.MaxSessionsPerUser }, time);
        invalidations.Subscribe(invalidation => _ = Task.Run(() => FollowAsync(invalidation)));
    }

    public McpSessionTable Table { get; }

    /// <summary>Whose sessions: a session is of a user, whichever key or token began it.</summary>
    public static string KeyOf(UserId user) => user.ToString();

    public void Dispose() => Table.Dispose();

    private Task FollowAsync(Invalidation invalidation) => invalidation.Kind switch
    {
        // Clients begin a new session, if they still may.
        InvalidationKind.User or InvalidationKind.AccessKeys or InvalidationKind.ClientGrants => Table.CloseUserAsync(KeyOf(new UserId(invalidation.Subject))),
        InvalidationKind.Everything => Task.WhenAll(Table.List().Select(session => Table.CloseAsync(session.Id))),
        InvalidationKind.Credentials or InvalidationKind.Groups or InvalidationKind.Toolsets => ToolsChangedAsync(new UserId(invalidation.Subject)),
        InvalidationKind.Server => ToolsChangedAsync(null),
        _ => Task.CompletedTask,
    };

    /// <summary>For one user, or for whoever it may concern.</summary>
    private Task ToolsChangedAsync(UserId? user)
    {
        _news.Tell(user, new UpstreamNotice(null, NotificationMethods.ToolListChangedNotification));
        return Table.NotifyAsync(NotificationMethods.ToolListChangedNotification, user is { } one ? KeyOf(one) : null);
    }
}
