using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Servers;
using McpPortal.StreamableHttp;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary><c>/mcp</c>: the tools, prompts and resources of every server that the caller may use, each kind in one list.</summary>
internal sealed class AllServers(ServerCatalog catalog, MergedLists lists, GatewayCalls passing, Listening listening, GatewayServing serving)
{
    /// <summary>The portal as this client meets it; null for one that may only use toolsets.</summary>
    public McpServing? For(Caller caller) => caller.Toolsets is not null ? null : serving.With(
        "The tools and prompts of every server that you may use, as server__name, and their resources, as mcp+server+uri.", GatewayIdentity.OfferOfAll(), AnswerAsync);

    private async Task<JsonRpcMessageWithId?> AnswerAsync(GatewayRequest request, CancellationToken cancellationToken) => request.Method switch
    {
        RequestMethods.ToolsCall when request.Text("name") is { } name && ListedNames.Split(name) is var (server, tool) =>
            Renamed(await passing.CallToolAsync(request, server, tool, logLevel: null, cancellationToken), server),
        RequestMethods.ToolsCall => GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "There is no such tool. Tools are named server__tool."),
        RequestMethods.PromptsGet => await AskAboutAsync(request, request.Parameters, "name", cancellationToken),
        RequestMethods.ResourcesRead => await AskAboutAsync(request, request.Parameters, "uri", cancellationToken),
        RequestMethods.CompletionComplete when request.Parameters["ref"] is JsonObject reference => await AskAboutAsync(request, reference, reference.ContainsKey("uri") ? "uri" : "name", cancellationToken),
        RequestMethods.CompletionComplete => GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "What shall be completed is missing (ref)."),
        RequestMethods.SubscriptionsListen when request.IsPerRequest =>
            await listening.UntilGoneAsync(request, slug: null, ListenedNews.Of(request.Parameters["notifications"] as JsonObject, server: null, GatewayIdentity.OfferOfAll()), cancellationToken),
        _ when ListKind.Of(request.Method) is { } kind => await ListAsync(request, kind, cancellationToken),
        _ => null,
    };

    private async Task<JsonRpcMessageWithId> ListAsync(GatewayRequest request, ListKind kind, CancellationToken cancellationToken)
    {
        var servers = (await catalog.ListAsync(request.Caller.User, cancellationToken)).Where(server => request.Caller.MayUse(server.Id)).ToList();
        var list = await lists.OfAsync(kind, request.Caller, servers, cancellationToken);
        return GatewayAnswers.Result(request, Warning.Beside(new JsonObject { [kind.Member] = new JsonArray([.. list.Entries]) }, list.Warnings));
    }

    /// <summary>Asks the server that has a prompt or a resource, by what the server itself calls it.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="named">Where in it the prompt or the resource is named.</param>
    /// <param name="key">As what: the <c>name</c> of a prompt, the <c>uri</c> of a resource.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task<JsonRpcMessageWithId> AskAboutAsync(GatewayRequest request, JsonObject named, string key, CancellationToken cancellationToken)
    {
        var joined = named[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
        if ((key == "uri" ? ListedUris.Split(joined) : ListedNames.Split(joined)) is not var (server, own))
        {
            return GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "There is no such prompt or resource. Prompts are named server__prompt, resources mcp+server+uri.");
        }

        named[key] = own;
        return Renamed(await passing.AskAsync(request, server, logLevel: null, cancellationToken), server);
    }

    private static JsonRpcMessageWithId Renamed(JsonRpcMessageWithId answer, string server)
    {
        if (answer is JsonRpcResponse { Result: JsonObject result })
        {
            ListedUris.Rename(result, server);
        }

        return answer;
    }
}
