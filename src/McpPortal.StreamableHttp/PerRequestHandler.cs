using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.StreamableHttp;

/// <summary>Revision 2026-07-28, and the older ones on a stateless endpoint: one server per request, gone with its answer.</summary>
internal sealed class PerRequestHandler(McpEndpointOptions options, ILoggerFactory logs, TimeProvider time, CancellationToken stopping)
{
    public async Task<McpFault?> PostAsync(HttpContext context, JsonRpcMessage message)
    {
        if (await options.Serves(context) is not { } serving)
        {
            return new(404, -32001, "There is no such MCP server.");
        }

        if (ProtocolVersions.IsPerRequest(context.Request) && await CheckParamHeadersAsync(context, message, serving) is { } mismatch)
        {
            return mismatch;
        }

        await RunAsync(context, message, serving);
        return null;
    }

    private async Task RunAsync(HttpContext context, JsonRpcMessage message, McpServing serving)
    {
        // A listening stream has no end of its own and would hold the shutdown up; a call in flight may finish.
        using var ending = message is JsonRpcRequest { Method: RequestMethods.SubscriptionsListen }
            ? CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping)
            : CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        await using var body = new ResponseBody(context, options.TakeTimeout, time);
        try
        {
            body.AnnounceEvents();
            if (message is not JsonRpcRequest request || serving.Answer is not { } answer || !await AnswerStream.TryAnswerAsync(answer, request, body, session: null, ending.Token))
            {
                await ServeAsync(context, message, serving.Options, body, ending);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The caller left or the node is stopping.
        }
    }

    private async Task ServeAsync(HttpContext context, JsonRpcMessage message, McpServerOptions serverOptions, ResponseBody body, CancellationTokenSource ending)
    {
        var transport = new StreamableHttpServerTransport(logs) { Stateless = true };
        await using var server = McpServer.Create(transport, serverOptions, logs, context.RequestServices);
        var running = server.RunAsync(ending.Token);
        try
        {
            if (!await transport.HandlePostRequestAsync(message, body, body.AnswerErrorAsync, ending.Token))
            {
                context.Response.ContentType = null;
                context.Response.StatusCode = StatusCodes.Status202Accepted;
            }
        }
        finally
        {
            await ending.CancelAsync();
            await transport.DisposeAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask<McpFault?> CheckParamHeadersAsync(HttpContext context, JsonRpcMessage message, McpServing serving)
    {
        if (message is not JsonRpcRequest { Method: RequestMethods.ToolsCall, Params: JsonObject call }
            || call["name"] is not JsonValue name || !name.TryGetValue<string>(out var tool))
        {
            return null;
        }

        var schema = options.ToolSchema is { } find ? await find(context, tool)
            : serving.Options.ToolCollection?.TryGetPrimitive(tool, out var known) == true ? known.ProtocolTool.InputSchema
            : (JsonElement?)null;
        return schema is { } found ? ParamHeaderChecks.Check(found, call["arguments"], context.Request.Headers) : null;
    }
}
