using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Sessions;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>
/// Tells a session of the older revisions that lists of its servers changed, for as long as its standing stream is open. What the portal
/// itself changes, <see cref="GatewaySessions"/> tells.
/// </summary>
internal sealed class StandingNews(UpstreamCallService calls, ServerCatalog catalog, UpstreamNews news, GatewaySessions sessions)
{
    /// <summary>Tells until cancelled.</summary>
    public async Task TellAsync(HttpContext context, string session, CancellationToken cancellationToken)
    {
        var caller = GatewayCaller.Of(context);
        var slug = context.GetRouteValue(McpResource.ServerParameter) as string;
        var server = slug is null ? null : await catalog.FindAsync(caller.User, slug, cancellationToken);
        var told = server is null ? ListsChanged.ToldAt(context.Request.Path) : ListsChanged.All;
        using var heard = news.Subscribe(caller.User, notice =>
        {
            if (notice.Server is { } teller && (server is null || server.Id == teller) && told.Contains(notice.Method))
            {
                _ = sessions.Table.SendAsync(session, new JsonRpcNotification { Method = notice.Method });
            }
        });
        if (server is { Transport: ServerTransport.Http })
        {
            await calls.ListenAsync(caller, server.Slug, new JsonObject { ["toolsListChanged"] = true, ["promptsListChanged"] = true, ["resourcesListChanged"] = true }, cancellationToken);
        }
        else
        {
            // A program says what it says while it runs, and is not kept running for it.
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
