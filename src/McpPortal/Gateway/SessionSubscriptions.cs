using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Sessions;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary><c>resources/subscribe</c> of the older revisions: what a session subscribed to is told on its standing stream until it ends.</summary>
internal sealed class SessionSubscriptions(UpstreamCallService calls, UpstreamNews news, GatewaySessions sessions)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Dictionary<string, CancellationTokenSource>> _subscribed = new(StringComparer.Ordinal);

    /// <summary>Begins to tell. False: the session listens to as many resources as it may.</summary>
    public bool Begin(Caller caller, ServerId server, string slug, string session, string uri)
    {
        if (sessions.Table.EndOf(session) is not { } ended)
        {
            return true;
        }

        CancellationTokenSource until;
        lock (_gate)
        {
            var own = _subscribed.GetValueOrDefault(session);
            if (own?.ContainsKey(uri) == true)
            {
                return true;
            }

            if (own?.Count >= ListenedNews.MaxResources)
            {
                return false;
            }

            until = CancellationTokenSource.CreateLinkedTokenSource(ended);
            (own ?? (_subscribed[session] = new(StringComparer.Ordinal)))[uri] = until;
        }

        _ = Task.Run(() => TellAsync(caller, server, slug, session, uri, until), CancellationToken.None);
        return true;
    }

    public void End(string session, string uri)
    {
        CancellationTokenSource? until;
        lock (_gate)
        {
            until = _subscribed.GetValueOrDefault(session)?.GetValueOrDefault(uri);
            Remove(session, uri, until);
        }

        try
        {
            until?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself at this moment.
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
            lock (_gate)
            {
                Remove(session, uri, until);
            }

            until.Dispose();
        }
    }

    /// <summary>Takes out this subscription, and not one that took its place.</summary>
    private void Remove(string session, string uri, CancellationTokenSource? until)
    {
        if (_subscribed.TryGetValue(session, out var own) && own.GetValueOrDefault(uri) == until && own.Remove(uri) && own.Count == 0)
        {
            _subscribed.Remove(session);
        }
    }
}
