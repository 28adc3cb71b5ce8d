using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Sessions;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary><c>resources/subscribe</c> of the older revisions: what a session subscribed to is told on its standing stream until it ends.</summary>
internal sealed class SessionSubscriptions(UpstreamCallService calls, UpstreamNews news, GatewaySessions sessions)
{
    private readonly ConcurrentDictionary<(string Session, string Uri), CancellationTokenSource> _subscribed = new();

    public void Begin(Caller caller, ServerId server, string slug, string session, string uri)
    {
        if (sessions.Table.EndOf(session) is not { } ended)
        {
            return;
        }

        var until = CancellationTokenSource.CreateLinkedTokenSource(ended);
        if (_subscribed.TryAdd((session, uri), until))
        {
            _ = Task.Run(() => TellAsync(caller, server, slug, session, uri, until), CancellationToken.None);
        }
    }

    public void End(string session, string uri)
    {
        if (_subscribed.TryRemove((session, uri), out var until))
        {
            until.Cancel();
        }
    }

    private async Task TellAsync(Caller caller, ServerId server, string slug, string session, string uri, CancellationTokenSource until)
    {
        try
        {
            using (news.Subscribe(caller.User, notice =>
            {
                if (notice.Method == NotificationMethods.ResourceUpdatedNotification && notice.Server == server && notice.Uri == uri)
                {
                    _ = sessions.Table.SendAsync(session, new JsonRpcNotification { Method = notice.Method, Params = new JsonObject { ["uri"] = uri } });
                }
            }))
            {
                await calls.ListenAsync(caller, slug, new JsonObject { ["resourceSubscriptions"] = new JsonArray(uri) }, until.Token);
            }
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            // Unsubscribed, or the session ended.
        }
        finally
        {
            _subscribed.TryRemove(new((session, uri), until));
            until.Dispose();
        }
    }
}
