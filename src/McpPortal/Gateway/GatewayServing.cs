using McpPortal.StreamableHttp;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>What clients meet at the portal. Requests are answered as they arrive, before the SDK reads them, so that what it does not know is not lost; it only introduces the portal.</summary>
internal sealed partial class GatewayServing(ILogger<GatewayServing> logger)
{
    /// <summary>What a program may ask that acts for somebody: calling tools, and what leads to it.</summary>
    private static readonly string[] ForPrograms = [RequestMethods.Initialize, RequestMethods.Ping, RequestMethods.ServerDiscover, RequestMethods.ToolsList, RequestMethods.ToolsCall];

    /// <param name="instructions">What the client is told to begin with.</param>
    /// <param name="capabilities">What it is offered.</param>
    /// <param name="answer">The answer to a request, or null for one that the SDK shall answer.</param>
    public McpServing With(string? instructions, ServerCapabilities capabilities, Func<GatewayRequest, CancellationToken, Task<JsonRpcMessageWithId?>> answer) =>
        new(() => GatewayIdentity.Options(instructions, capabilities), (asked, cancellationToken) => AnswerAsync(new GatewayRequest(asked, cancellationToken), answer, cancellationToken));

    private async Task<JsonRpcMessageWithId?> AnswerAsync(GatewayRequest request, Func<GatewayRequest, CancellationToken, Task<JsonRpcMessageWithId?>> answer, CancellationToken cancellationToken)
    {
        try
        {
            return request.Caller.IsActing && !ForPrograms.Contains(request.Method)
                ? GatewayAnswers.Error(request, (int)McpErrorCode.MethodNotFound, "A program that acts for somebody may list and call tools, and nothing else.")
                : await answer(request, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A bug: its text may quote a client or a server.
            Log.Failed(logger, e.GetType().Name, e.StackTrace);
            return GatewayAnswers.Error(request, (int)McpErrorCode.InternalError, "The request failed inside the portal.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A request of an MCP client failed inside the portal: {Exception}\n{Stack}")]
        public static partial void Failed(ILogger logger, string exception, string? stack);
    }
}
