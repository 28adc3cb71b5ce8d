using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.StreamableHttp;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>AI clients' sessions of the older revisions on this node. What changes for their user reaches them; what is withdrawn ends them.</summary>
internal sealed class GatewaySessions : IDisposable
{
    public GatewaySessions(GatewayOptions options, Invalidations invalidations, TimeProvider time)
    {
        Table = new McpSessionTable(new McpSessionLimits { IdleTimeout = options.SessionTimeout, MaxSessionsPerUser = options.MaxSessionsPerUser }, time);
        invalidations.Subscribe(invalidation => _ = Task.Run(() => FollowAsync(invalidation)));
    }

    public McpSessionTable Table { get; }

    /// <summary>Whose sessions: a session is of a user, whichever key began it.</summary>
    public static string KeyOf(UserId user) => user.ToString();

    public void Dispose() => Table.Dispose();

    private Task FollowAsync(Invalidation invalidation) => invalidation.Kind switch
    {
        // Clients begin a new session, if they still may.
        InvalidationKind.User or InvalidationKind.AccessKeys => Table.CloseUserAsync(KeyOf(new UserId(invalidation.Subject))),
        InvalidationKind.Everything => Task.WhenAll(Table.List().Select(session => Table.CloseAsync(session.Id))),
        InvalidationKind.Credentials or InvalidationKind.Groups => Table.NotifyAsync(NotificationMethods.ToolListChangedNotification, KeyOf(new UserId(invalidation.Subject))),
        InvalidationKind.Server => Table.NotifyAsync(NotificationMethods.ToolListChangedNotification),
        _ => Task.CompletedTask,
    };
}
