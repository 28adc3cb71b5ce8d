using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Sessions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>Passes what a client asks to a server, and to the client what the server says until its answer.</summary>
internal sealed class GatewayCalls(UpstreamCallService calls, Connecting connecting, HeldCalls held, GatewayAnswers answers)
{
    /// <summary>Calls a tool of a server.</summary>
    public Task<JsonRpcMessageWithId> CallToolAsync(GatewayRequest request, string server, string tool, string? logLevel, CancellationToken cancellationToken) =>
        UntilAnsweredAsync(request, server, logLevel, (parameters, wishes, stop) =>
            calls.CallToolAsync(request.Caller, server, tool, parameters["arguments"], wishes with { Envelope = parameters }, stop), cancellationToken);

    /// <summary>Asks a server anything else.</summary>
    public Task<JsonRpcMessageWithId> AskAsync(GatewayRequest request, string server, string? logLevel, CancellationToken cancellationToken) =>
        UntilAnsweredAsync(request, server, logLevel, (parameters, wishes, stop) => calls.AskAsync(request.Caller, server, request.Method, parameters, wishes, stop), cancellationToken);

    private async Task<JsonRpcMessageWithId> UntilAnsweredAsync(GatewayRequest request, string server, string? logLevel, Func<JsonObject, CallOptions, CancellationToken, Task<CallOutcome>> ask, CancellationToken cancellationToken)
    {
        if (HeldCalls.IsMeant(request))
        {
            return await held.GoOnAsync(request, server, cancellationToken) is { } ended
                ? answers.Of(request, ended, server)
                : GatewayAnswers.Error(request, (int)McpErrorCode.InvalidParams, "The call that this answer belongs to has ended meanwhile, or was begun elsewhere. Make the call again.");
        }

        var parameters = request.Parameters;
        var wasSent = Connecting.TakeAnswer(parameters);
        if (wasSent == "accept")
        {
            await connecting.UntilThereAsync(request, server, cancellationToken);
        }

        for (var round = 0; round <= Questions.MaxRounds; round++)
        {
            var asked = parameters;
            var outcome = await RunAsync(request, server, logLevel, (wishes, stop) => ask(asked, wishes, stop), cancellationToken);
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

            if (outcome is not CallOutcome.Succeeded { Node: { } result, IsAdmitted: false } || !Questions.Are(result))
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

    private Task<CallOutcome> RunAsync(GatewayRequest request, string server, string? logLevel, Func<CallOptions, CancellationToken, Task<CallOutcome>> run, CancellationToken cancellationToken)
    {
        if (!HeldCalls.CanAsk(request))
        {
            return run(Wishes(request, logLevel, () => request, request.IsPerRequest ? null : (method, parameters) => AskAsync(request, server, method, parameters, cancellationToken)), cancellationToken);
        }

        var call = new HeldCall(request, server);
        call.Start(stop => run(Wishes(request, logLevel, () => call.Request, (method, parameters) => AskLaterAsync(call, request, server, method, parameters)), stop));
        return held.BeginAsync(call, request, cancellationToken);
    }

    /// <param name="request">What is asked.</param>
    /// <param name="logLevel">Of the session, where there is one.</param>
    /// <param name="listening">The request on whose stream the client hears what is said now; null when it hears nothing.</param>
    /// <param name="ask">See <see cref="CallOptions.Ask"/>.</param>
    private static CallOptions Wishes(GatewayRequest request, string? logLevel, Func<GatewayRequest?> listening, Func<string, JsonNode?, Task<UpstreamAnswer>>? ask)
    {
        var level = request.IsPerRequest ? (string?)request.Meta?[MetaKeys.LogLevel] : logLevel;
        return new CallOptions
        {
            CanBeAsked = true,
            Capabilities = request.Capabilities,
            Ask = ask,
            LogLevel = level,
            Progress = request.Meta?["progressToken"] is null ? null : progress =>
            {
                if (listening() is { } now && now.Meta?["progressToken"] is { } token)
                {
                    now.Notices.Send(NotificationMethods.ProgressNotification, Progress(token, progress));
                }
            },
            Log = level is null ? null : said =>
            {
                if (LogLevels.Includes(level, (said["level"] as JsonValue)?.ToString()))
                {
                    listening()?.Notices.Send(NotificationMethods.LoggingMessageNotification, (JsonObject)said.DeepClone());
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

    /// <summary>The same where the client is asked in the answer to its request.</summary>
    private static async Task<UpstreamAnswer> AskLaterAsync(HeldCall call, GatewayRequest request, string server, string method, JsonNode? parameters)
    {
        try
        {
            return await call.AskAsync(method, Questions.Admitted(request, server, method, parameters));
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
