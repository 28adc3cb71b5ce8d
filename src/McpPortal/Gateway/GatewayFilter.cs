using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Gateway;

/// <summary>Takes the requests that the gateway answers out of the SDK's hands before it reads them, so that what it does not know is not lost.</summary>
internal sealed partial class GatewayFilter(ILogger<GatewayFilter> logger)
{
    /// <summary>What a program may ask that acts for somebody: calling tools, and what leads to it.</summary>
    private static readonly string[] ForPrograms = [RequestMethods.Initialize, RequestMethods.Ping, RequestMethods.ServerDiscover, RequestMethods.ToolsList, RequestMethods.ToolsCall];

    /// <param name="answer">The answer to a request, or null for one that the SDK shall answer.</param>
    public McpMessageFilter Over(Func<GatewayRequest, CancellationToken, Task<JsonRpcMessage?>> answer) => next => async (context, cancellationToken) =>
    {
        if (context.JsonRpcMessage is not JsonRpcRequest { Context.RelatedTransport: not null } message)
        {
            await next(context, cancellationToken);
            return;
        }

        var request = new GatewayRequest(context, message, cancellationToken);
        JsonRpcMessage? said;
        try
        {
            said = request.Caller.IsActing && !ForPrograms.Contains(request.Method)
                ? GatewayAnswers.Error(request, (int)McpErrorCode.MethodNotFound, "A program that acts for somebody may list and call tools, and nothing else.")
                : await answer(request, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A bug: its text may quote a client or a server.
            Log.Failed(logger, e.GetType().Name, e.StackTrace);
            said = GatewayAnswers.Error(request, (int)McpErrorCode.InternalError, "The request failed inside the portal.");
        }

        if (said is null)
        {
            await next(context, cancellationToken);
            return;
        }

        await request.AnswerAsync(said, cancellationToken);
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A request of an MCP client failed inside the portal: {Exception}\n{Stack}")]
        public static partial void Failed(ILogger logger, string exception, string? stack);
    }
}
