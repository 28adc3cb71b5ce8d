using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Servers;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Gateway;

/// <summary>What <c>/mcp</c> and <c>/mcp/{server}</c> answer. Every request goes through <see cref="UpstreamCallService"/>, as its own caller.</summary>
internal sealed partial class GatewayHandlers(
    UpstreamCallService calls, ServerCatalog catalog, GatewayAnswers answers, GatewayOptions options, TimeProvider time, ILogger<GatewayHandlers> logger)
{
    private const string Warnings = "io.mcpportal/warnings";
    private static readonly Implementation Portal = new() { Name = "mcpportal", Title = "McpPortal", Version = typeof(GatewayHandlers).Assembly.GetName().Version?.ToString(3) ?? "0" };

    /// <summary>One server, under its own tool names; null when the caller may not use it.</summary>
    public async ValueTask<McpServerOptions?> OneAsync(Caller caller, string slug, CancellationToken cancellationToken)
    {
        if (await catalog.FindAsync(caller.User, slug, cancellationToken) is not { } server || !caller.MayUse(server.Id))
        {
            return null;
        }

        return Options(
            server.Description,
            async (request, stop) => await calls.ListToolsAsync(GatewayCaller.Of(request), slug, stop) switch
            {
                ToolListOutcome.Listed listed => List(listed.Tools.Select(tool => GatewayAnswers.Definition(tool))),
                ToolListOutcome.Failed failed => List([], failed.Outcome.Explanation),
                _ => throw new InvalidOperationException("Unknown tool list."),
            },
            (request, stop) => CallAsync(request, slug, request.Params!.Name, stop));
    }

    /// <summary>Every server that the caller may use, in one list.</summary>
    public McpServerOptions All() => Options(
        "The tools of every server that you may use, as server__tool.",
        async (request, stop) => await ListAllAsync(GatewayCaller.Of(request), stop),
        (request, stop) => ToolNames.Split(request.Params!.Name) is var (server, tool)
            ? CallAsync(request, server, tool, stop)
            : throw GatewayAnswers.NoSuchTool("There is no such tool. Tools are named server__tool."));

    private async Task<ListToolsResult> ListAllAsync(Caller caller, CancellationToken cancellationToken)
    {
        var servers = (await catalog.ListAsync(caller.User, cancellationToken)).Where(server => caller.MayUse(server.Id)).ToList();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listings = servers.Select(server => calls.ListToolsAsync(caller, server.Slug, enough.Token)).ToList();

        // A server that is slow or dead costs its own tools, not everybody's.
        await Task.WhenAny(Task.WhenAll(listings), Task.Delay(options.ListTimeout, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        var warnings = new List<string>();
        var tools = new List<Tool>();
        foreach (var (server, listing) in servers.Zip(listings))
        {
            if (listing is { IsCompletedSuccessfully: true, Result: ToolListOutcome.Listed listed })
            {
                tools.AddRange(listed.Tools.Select(tool => GatewayAnswers.Definition(tool, ToolNames.Join(server.Slug, (string)tool["name"]!))));
            }
            else
            {
                warnings.Add(listing is { IsCompletedSuccessfully: true, Result: ToolListOutcome.Failed failed }
                    ? $"{server.Name}: {failed.Outcome.Explanation}"
                    : $"{server.Name} did not list its tools within {options.ListTimeout.TotalSeconds:0} seconds.");
            }
        }

        await enough.CancelAsync();
        return List(tools, [.. warnings]);
    }

    private async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> request, string server, string tool, CancellationToken cancellationToken)
    {
        var arguments = request.Params!.Arguments is { } given ? JsonSerializer.SerializeToElement(given) : (JsonElement?)null;
        var wishes = request.Params.ProgressToken is { } token
            ? new CallOptions { Progress = progress => _ = TellAsync(request.Server, token, progress, cancellationToken) }
            : CallOptions.Default;
        var outcome = await calls.CallToolAsync(GatewayCaller.Of(request), server, tool, arguments, wishes, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return answers.Translate(outcome);
    }

    private static async Task TellAsync(McpServer server, ProgressToken token, CallProgress progress, CancellationToken cancellationToken)
    {
        try
        {
            await server.NotifyProgressAsync(token, new ProgressNotificationValue { Progress = (float)progress.Progress, Total = (float?)progress.Total, Message = progress.Message }, cancellationToken: cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException)
        {
            // The caller has left, or has its answer already.
        }
    }

    private static ListToolsResult List(IEnumerable<Tool> tools, params IReadOnlyList<string?> warnings) => new()
    {
        Tools = [.. tools],
        CacheScope = CacheScope.Private,
        TimeToLive = TimeSpan.Zero,
        Meta = warnings.Count == 0 ? null : new JsonObject { [Warnings] = new JsonArray([.. warnings.Select(warning => (JsonNode?)warning)]) },
    };

    private McpServerOptions Options(string? instructions, McpRequestHandler<ListToolsRequestParams, ListToolsResult> list, McpRequestHandler<CallToolRequestParams, CallToolResult> call) => new()
    {
        ServerInfo = Portal,
        ServerInstructions = instructions,
        ScopeRequests = false,
        Capabilities = new ServerCapabilities { Tools = new ToolsCapability { ListChanged = true } },
        Handlers = new McpServerHandlers { ListToolsHandler = Watched(list), CallToolHandler = Watched(call) },
    };

    /// <summary>Tells the log of a bug, without what was said: its text may quote a client or a server.</summary>
    private McpRequestHandler<TParams, TResult> Watched<TParams, TResult>(McpRequestHandler<TParams, TResult> handler) => async (request, cancellationToken) =>
    {
        try
        {
            return await handler(request, cancellationToken);
        }
        catch (Exception e) when (e is not (OperationCanceledException or McpException))
        {
            Log.Failed(logger, e.GetType().Name, e.StackTrace);
            throw;
        }
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A request of an MCP client failed inside the portal: {Exception}\n{Stack}")]
        public static partial void Failed(ILogger logger, string exception, string? stack);
    }
}
