using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Sessions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>Passes what a client asks to a server, and to the client what the server says until its answer.</summary>
internal sealed class GatewayCalls(UpstreamCallService calls, Connecting connecting, GatewayAnswers answers)
{
    /// <summary>Calls a tool of a server.</summary>
    public Task<JsonRpcMessage> CallToolAsync(GatewayRequest request, string server, string tool, string? logLevel, CancellationToken cancellationToken) =>
        UntilAnsweredAsync(request, server, logLevel, (parameters, wishes) =>
            calls.CallToolAsync(request.Caller, server, tool, parameters["arguments"]?.Deserialize<JsonElement>(), wishes with { Envelope = parameters }, cancellationToken), cancellationToken);

    /// <summary>Asks a server anything else.</summary>
    public Task<JsonRpcMessage> AskAsync(GatewayRequest request, string server, string? logLevel, CancellationToken cancellationToken) =>
        UntilAnsweredAsync(request, server, logLevel, (parameters, wishes) => calls.AskAsync(request.Caller, server, request.Method, parameters, wishes, cancellationToken), cancellationToken);

    private async Task<JsonRpcMessage> UntilAnsweredAsync(GatewayRequest request, string server, string? logLevel, Func<JsonObject, CallOptions, Task<CallOutcome>> ask, CancellationToken cancellationToken)
    {
        var wishes = Wishes(request, server, logLevel, cancellationToken);
        var parameters = request.Parameters;
        var wasSent = Connecting.TakeAnswer(parameters);
        if (wasSent == "accept")
        {
            await connecting.UntilThereAsync(request, server, cancellationToken);
        }

        for (var round = 0; round <= Questions.MaxRounds; round++)
        {
            var outcome = await ask(parameters, wishes);
            cancellationToken.ThrowIfCancellationRequested();
            if (outcome is CallOutcome.NeedsConnection missing && wasSent is null && Connecting.CanSend(request))
            {
                if (request.IsPerRequest)
                {
                    return connecting.Question(request, missing, server);
                }

                wasSent = "asked";
                if (await connecting.AskAsync(request, missing, server, cancellationToken))
                {
                    continue;
                }
            }

            if (outcome is not CallOutcome.Succeeded { Node: { } result } || !Questions.Are(result))
            {
                await request.Notices.Sent;
                return answers.Of(request, outcome, server);
            }

            try
            {
                Questions.Admit(request, server, result);
                if (request.IsPerRequest)
                {
                    await request.Notices.Sent;
                    return answers.Of(request, outcome, server);
                }

                parameters = await Questions.AnswerAsync(request, result, cancellationToken);
            }
            catch (McpProtocolException refusal)
            {
                var error = UpstreamAnswer.Of(refusal).Error!;
                return GatewayAnswers.Error(request, error.Code, error.Message, error.Data is null ? null : JsonSerializer.SerializeToNode(error.Data, McpJsonUtilities.DefaultOptions));
            }
        }

        return GatewayAnswers.Error(request, (int)McpErrorCode.InternalError, $"The server asked back {Questions.MaxRounds} times in a row, so the request was given up.");
    }

    private static CallOptions Wishes(GatewayRequest request, string server, string? logLevel, CancellationToken cancellationToken)
    {
        var token = request.Meta?["progressToken"];
        var level = request.IsPerRequest ? (string?)request.Meta?[MetaKeys.LogLevel] : logLevel;
        return new CallOptions
        {
            CanBeAsked = true,
            Capabilities = request.Capabilities,
            Ask = request.IsPerRequest ? null : (method, parameters) => AskAsync(request, server, method, parameters, cancellationToken),
            LogLevel = level,
            Progress = token is null ? null : progress => request.Notices.Send(NotificationMethods.ProgressNotification, Progress(token, progress)),
            Log = level is null ? null : said =>
            {
                if (LogLevels.Includes(level, (said["level"] as JsonValue)?.ToString()))
                {
                    request.Notices.Send(NotificationMethods.LoggingMessageNotification, (JsonObject)said.DeepClone());
                }
            },
        };
    }

    private static async Task<UpstreamAnswer> AskAsync(GatewayRequest request, string server, string method, JsonNode? parameters, CancellationToken cancellationToken)
    {
        try
        {
            return new UpstreamAnswer(await request.AskClientAsync(method, Questions.Admitted(request, server, method, parameters), cancellationToken), null);
        }
        catch (McpProtocolException refusal)
        {
            return UpstreamAnswer.Of(refusal);
        }
    }

    private static JsonObject Progress(JsonNode token, CallProgress progress)
    {
        var parameters = new JsonObject { ["progressToken"] = token.DeepClone(), ["progress"] = progress.Progress };
        if (progress.Total is { } total)
        {
            parameters["total"] = total;
        }

        if (progress.Message is { } message)
        {
            parameters["message"] = message;
        }

        return parameters;
    }
}
