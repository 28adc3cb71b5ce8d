using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Servers;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Gateway;

/// <summary><c>/mcp</c>: the tools of every server that the caller may use, in one list.</summary>
internal sealed class AllServers(ServerCatalog catalog, ToolLists lists, GatewayCalls passing, Listening listening, GatewayFilter filter)
{
    /// <summary>The portal as this client meets it; null for one that may only use toolsets.</summary>
    public McpServerOptions? Options(Caller caller) => caller.Toolsets is not null ? null : GatewayIdentity.Options(
        "The tools of every server that you may use, as server__tool.", GatewayIdentity.Offer(null), filter.Over(AnswerAsync));

    private async Task<JsonRpcMessage?> AnswerAsync(GatewayRequest request, CancellationToken cancellationToken) => request.Method switch
    {
        RequestMethods.ToolsList => await ListAsync(request, cancellationToken),
        RequestMethods.ToolsCall when request.Text("name") is { } name && ToolNames.Split(name) is var (server, tool) => await passing.CallToolAsync(request, server, tool, logLevel: null, cancellationToken),
        RequestMethods.ToolsCall => GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "There is no such tool. Tools are named server__tool."),
        RequestMethods.SubscriptionsListen when request.IsPerRequest =>
            await listening.UntilGoneAsync(request, slug: null, ListenedNews.Of(request.Parameters["notifications"] as JsonObject, server: null, capabilities: null), cancellationToken),
        _ => null,
    };

    private async Task<JsonRpcMessage> ListAsync(GatewayRequest request, CancellationToken cancellationToken)
    {
        var servers = (await catalog.ListAsync(request.Caller.User, cancellationToken)).Where(server => request.Caller.MayUse(server.Id)).ToList();
        var list = await lists.OfAsync(request.Caller, servers, cancellationToken);
        return GatewayAnswers.Result(request, Warning.Beside(new JsonObject { ["tools"] = new JsonArray([.. list.Tools]) }, list.Warnings));
    }
}
