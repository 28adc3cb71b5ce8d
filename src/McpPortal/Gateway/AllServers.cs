using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Servers;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Gateway;

/// <summary><c>/mcp</c>: the tools of every server that the caller may use, in one list.</summary>
internal sealed class AllServers(UpstreamCallService calls, ServerCatalog catalog, GatewayCalls passing, Listening listening, GatewayAnswers answers, GatewayFilter filter, GatewayOptions options, TimeProvider time)
{
    public McpServerOptions Options() => GatewayIdentity.Options(
        "The tools of every server that you may use, as server__tool.", GatewayIdentity.Offer(null, isHeard: false), filter.Over(AnswerAsync));

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
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listings = servers.Select(server => calls.ListToolsAsync(request.Caller, server.Slug, enough.Token)).ToList();

        // A server that is slow or dead costs its own tools, not everybody's.
        await Task.WhenAny(Task.WhenAll(listings), Task.Delay(options.ListTimeout, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        var warnings = new List<string>();
        var tools = new JsonArray();
        foreach (var (server, listing) in servers.Zip(listings))
        {
            if (listing is { IsCompletedSuccessfully: true, Result: ToolListOutcome.Listed listed })
            {
                foreach (var tool in listed.Tools)
                {
                    tool["name"] = ToolNames.Join(server.Slug, (string)tool["name"]!);
                    tools.Add(tool);
                }
            }
            else
            {
                warnings.Add(listing is { IsCompletedSuccessfully: true, Result: ToolListOutcome.Failed failed }
                    ? $"{server.Name}: {answers.Sentence(request, failed.Outcome, server.Slug)}"
                    : $"{server.Name} did not list its tools within {options.ListTimeout.TotalSeconds:0} seconds.");
            }
        }

        await enough.CancelAsync();
        return GatewayAnswers.Result(request, Warning.Beside(new JsonObject { ["tools"] = tools }, warnings));
    }
}
