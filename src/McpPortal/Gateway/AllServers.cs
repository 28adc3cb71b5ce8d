using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Servers;
using McpPortal.StreamableHttp;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary><c>/mcp</c>: the tools of every server that the caller may use, in one list.</summary>
internal sealed class AllServers(ServerCatalog catalog, ToolLists lists, GatewayCalls passing, Listening listening, GatewayServing serving)
{
    /// <summary>The portal as this client meets it; null for one that may only use toolsets.</summary>
    public McpServing? For(Caller caller) => caller.Toolsets is not null ? null : serving.With(
        "The tools of every server that you may use, as server__tool.", GatewayIdentity.Offer(null), AnswerAsync);

    private async Task<JsonRpcMessageWithId?> AnswerAsync(GatewayRequest request, CancellationToken cancellationToken) => request.Method switch
    {
        RequestMethods.ToolsList => await ListAsync(request, cancellationToken),
        RequestMethods.ToolsCall when request.Text("name") is { } name && ToolNames.Split(name) is var (server, tool) => await passing.CallToolAsync(request, server, tool, logLevel: null, cancellationToken),
        RequestMethods.ToolsCall => GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "There is no such tool. Tools are named server__tool."),
        RequestMethods.SubscriptionsListen when request.IsPerRequest =>
            await listening.UntilGoneAsync(request, slug: null, ListenedNews.Of(request.Parameters["notifications"] as JsonObject, server: null, capabilities: null), cancellationToken),
        _ => null,
    };

    private async Task<JsonRpcMessageWithId> ListAsync(GatewayRequest request, CancellationToken cancellationToken)
    {
        var servers = (await catalog.ListAsync(request.Caller.User, cancellationToken)).Where(server => request.Caller.MayUse(server.Id)).ToList();
        var list = await lists.OfAsync(request.Caller, servers, cancellationToken);
        return GatewayAnswers.Result(request, Warning.Beside(new JsonObject { ["tools"] = new JsonArray([.. list.Tools]) }, list.Warnings));
    }
}
