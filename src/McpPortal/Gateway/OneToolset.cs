using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.StreamableHttp;
using McpPortal.Toolsets;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary><c>/mcp/set/{toolset}</c>: what the caller's user put together, each tool in the list or to be searched. It narrows and never widens.</summary>
internal sealed class OneToolset(ToolsetCatalog toolsets, ToolsetLists lists, ToolsetSearch search, UpstreamCallService calls, GatewayCalls passing, Listening listening, GatewayServing serving)
{
    /// <summary>The set as this client meets it; null when it is none of the user's, or none that the caller may use.</summary>
    public async ValueTask<McpServing?> ForAsync(Caller caller, string name, CancellationToken cancellationToken) =>
        await FindAsync(caller, name, cancellationToken) is { } set
            ? serving.With(set.Description ?? $"The tools of {set.Name}, as server__tool.", GatewayIdentity.Offer(null), (request, stop) => AnswerAsync(request, name, stop))
            : null;

    /// <summary>See <see cref="UpstreamCallService.AnnotatedSchemaAsync"/>. What a search finds is called with arguments in no header.</summary>
    public async ValueTask<JsonElement?> AnnotatedSchemaAsync(Caller caller, string name, string tool, CancellationToken cancellationToken) =>
        ListedNames.Split(tool) is var (server, own) && await FindAsync(caller, name, cancellationToken) is { Mode: ToolsetMode.List } set
            ? await calls.AnnotatedSchemaAsync(caller with { Within = set }, server, own, cancellationToken)
            : null;

    public static JsonRpcError NoTool(GatewayRequest request, string hint) => GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, $"There is no such tool. {hint}");

    private async ValueTask<ToolsetSnapshot?> FindAsync(Caller caller, string name, CancellationToken cancellationToken) =>
        await toolsets.FindAsync(caller.User, name, cancellationToken) is { } set && caller.MayUse(set) ? set : null;

    private async Task<JsonRpcMessageWithId?> AnswerAsync(GatewayRequest request, string name, CancellationToken cancellationToken)
    {
        if (request.Method is not (RequestMethods.ToolsList or RequestMethods.ToolsCall or RequestMethods.SubscriptionsListen))
        {
            return null;
        }

        // A session outlives changes, and another key of the same user may use it: what the set is and who may use it is asked anew.
        if (await FindAsync(request.Caller, name, cancellationToken) is not { } set)
        {
            return GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "There is no such toolset.");
        }

        var within = request.Within(set);
        return request.Method switch
        {
            RequestMethods.SubscriptionsListen => request.IsPerRequest
                ? await listening.UntilGoneAsync(within, slug: null, ListenedNews.Of(request.Parameters["notifications"] as JsonObject, server: null, capabilities: null), cancellationToken)
                : null,
            RequestMethods.ToolsList when set.Mode == ToolsetMode.Search => GatewayAnswers.Result(request, new JsonObject { ["tools"] = ToolsetSearch.Definitions() }),
            RequestMethods.ToolsList => await ListAsync(within, cancellationToken),
            _ when set.Mode == ToolsetMode.Search => await search.CallAsync(within, cancellationToken),
            _ => within.Text("name") is { } tool && ListedNames.Split(tool) is var (server, own)
                ? await passing.CallToolAsync(within, server, own, logLevel: null, cancellationToken)
                : NoTool(within, "Tools are named server__tool."),
        };
    }

    private async Task<JsonRpcMessageWithId> ListAsync(GatewayRequest request, CancellationToken cancellationToken)
    {
        var list = await lists.GetAsync(request.Caller, cancellationToken);
        return GatewayAnswers.Result(request, Warning.Beside(new JsonObject { ["tools"] = new JsonArray([.. list.Tools.Select(tool => tool.DeepClone())]) }, list.Warnings));
    }
}
