using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>Passes what a client asks to a server, and to the client what the server says until its answer.</summary>
internal sealed class GatewayCalls(UpstreamCallService calls, GatewayAnswers answers)
{
    /// <summary>Calls a tool of a server.</summary>
    public Task<JsonRpcMessage> CallToolAsync(GatewayRequest request, string server, string tool, string? logLevel, CancellationToken cancellationToken) =>
        UntilAnsweredAsync(request, logLevel, (parameters, wishes) =>
        {
            var arguments = parameters["arguments"];
            parameters.Remove("arguments");
            return calls.CallToolAsync(request.Caller, server, tool, arguments?.Deserialize<JsonElement>(), wishes with { Envelope = parameters }, cancellationToken);
        }, cancellationToken);

    /// <summary>Asks a server anything else.</summary>
    public Task<JsonRpcMessage> AskAsync(GatewayRequest request, string server, string? logLevel, CancellationToken cancellationToken) =>
        UntilAnsweredAsync(request, logLevel, (parameters, wishes) => calls.AskAsync(request.Caller, server, request.Method, parameters, wishes, cancellationToken), cancellationToken);

    private async Task<JsonRpcMessage> UntilAnsweredAsync(GatewayRequest request, string? logLevel, Func<JsonObject, CallOptions, Task<CallOutcome>> ask, CancellationToken cancellationToken)
    {
        var wishes = Wishes(request, logLevel);
        var parameters = (JsonObject)request.Parameters.DeepClone();
        for (var round = 0; ; round++)
        {
            if (!request.IsPerRequest && request.Capabilities is { } capabilities)
            {
                // A client of an older revision said it once, when it began.
                var meta = parameters["_meta"] as JsonObject ?? [];
                meta[MetaKeys.ClientCapabilities] = capabilities;
                parameters["_meta"] = meta;
            }

            var outcome = await ask(parameters, wishes);
            cancellationToken.ThrowIfCancellationRequested();
            if (round == Questions.MaxRounds || outcome is not CallOutcome.Succeeded { Node: { } result } || !Questions.Are(request, result))
            {
                await request.Notices.Sent;
                return answers.Of(request, outcome);
            }

            try
            {
                parameters = await Questions.AnswerAsync(request, result, cancellationToken);
            }
            catch (McpProtocolException refusal)
            {
                return GatewayAnswers.Error(request, (int)refusal.ErrorCode, refusal.Message);
            }
        }
    }

    private static CallOptions Wishes(GatewayRequest request, string? logLevel)
    {
        var token = request.Meta?["progressToken"];
        var level = request.IsPerRequest ? (string?)request.Meta?[MetaKeys.LogLevel] : logLevel;
        return new CallOptions
        {
            CanBeAsked = true,
            LogLevel = level,
            Progress = token is null ? null : progress => request.Notices.Send(NotificationMethods.ProgressNotification, Progress(token, progress)),
            Log = level is null ? null : said =>
            {
                if (LogLevels.Includes(level, (string?)said["level"]))
                {
                    request.Notices.Send(NotificationMethods.LoggingMessageNotification, (JsonObject)said.DeepClone());
                }
            },
        };
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
