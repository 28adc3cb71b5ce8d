using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Accounts;
using McpPortal.Data;
using McpPortal.Outbound;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Sessions;
using McpPortal.Sessions.Stdio;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Calls;

/// <summary>Runs one call over the user's own session and turns whatever happens into an outcome.</summary>
internal sealed partial class CallRunner(
    AccountStates accounts,
    SessionPool pool,
    CredentialResolver resolver,
    CredentialInjector injector,
    CredentialScrubber scrubber,
    UserSlots slots,
    CallRecorder recorder,
    TimeProvider time,
    ILogger<CallRunner> logger)
{
    private const int MaxSentence = 400;

    /// <summary>Runs the call and records it.</summary>
    public async Task<CallOutcome> RunAsync(UpstreamCall call, CancellationToken stopping)
    {
        var began = time.GetTimestamp();
        var attempt = new Attempt();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(call.Cancelled, stopping);
        deadline.CancelAfter(call.Timeout);
        CallOutcome outcome;
        try
        {
            using (await slots.EnterAsync(call.Caller.User, deadline.Token))
            {
                outcome = await RunOnceAsync(call, attempt, deadline.Token);

                // The upstream forgot the session before it did anything: a new session may try the same call.
                if (attempt.WasForgotten)
                {
                    attempt.WasForgotten = false;
                    outcome = await RunOnceAsync(call, attempt, deadline.Token);
                }
            }
        }
        catch (Exception) when (deadline.IsCancellationRequested)
        {
            outcome = Cancelled(call, stopping);
        }
        catch (Exception e) when (OwnFaults.Explain(e, call.Server, logger) is { } own)
        {
            outcome = Failure(own);
        }

        outcome = await CleanAsync(outcome, call.Caller.User, call.Server, attempt.Ready);
        outcome = outcome with { Id = call.Id, Server = call.Server.Name, Account = attempt.Account, Duration = time.GetElapsedTime(began), Upstream = attempt.Upstream };
        recorder.Add(call, outcome, attempt.Connection);
        return outcome;
    }

    /// <summary>Lists the tools over the user's own session.</summary>
    public async Task<ToolListOutcome> ListToolsAsync(Caller caller, ServerSnapshot server, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(server.Timeout);
        CredentialSet.Ready? ready = null;
        try
        {
            (var session, var failure, ready) = await EnterAsync(caller.User, server, deadline.Token);
            if (session is null)
            {
                return new ToolListOutcome.Failed(failure! with { Server = server.Name });
            }

            try
            {
                using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, session.Aborted);
                var tools = await session.ToolsAsync(both.Token);
                return await scrubber.FindAsync(caller.User, server, ready) is not { } clean
                    ? new ToolListOutcome.Failed(new CallOutcome.Refused(CannotVouch(server)) { Server = server.Name })
                    : new ToolListOutcome.Listed(
                        [.. tools.Where(tool => !caller.ReadOnly || IsReadOnly(tool)).Select(tool => ArgumentInjection.Hide(server.Credentials, CredentialScrubber.Scrub(clean, tool)))],
                        ready!.Account);
            }
            finally
            {
                session.Leave();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return new ToolListOutcome.Failed(await CleanAsync(Explain(e, server, late: true, $"The connection to {server.Name} was lost while it listed its tools."), caller.User, server, ready) with { Server = server.Name });
        }
    }

    private async Task<CallOutcome> RunOnceAsync(UpstreamCall call, Attempt attempt, CancellationToken cancellationToken)
    {
        var (session, failure, ready) = await EnterAsync(call.Caller.User, call.Server, cancellationToken);
        (attempt.Ready, attempt.Account, attempt.Connection) = (ready, ready?.Account, ready?.Connection);
        if (session is null)
        {
            return failure!;
        }

        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Aborted);
            try
            {
                return await SendAsync(call, session, ready!, attempt, both.Token);
            }
            catch (Exception e) when (!call.Cancelled.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                // Only this call's own 404 says that nothing of it was done. One that another call got ends the session and this
                // call with it, which may have run.
                if (IsNotFound(e))
                {
                    session.Retire();
                    attempt.WasForgotten = true;
                }

                return session.Aborted.IsCancellationRequested
                    ? new CallOutcome.Refused($"The call to {call.Server.Name} was stopped because access or the account it used was withdrawn.")
                    : Explain(e, call.Server, late: false, $"The connection to {call.Server.Name} was lost during the call. Whether the tool ran is unknown, so the call was not repeated.");
            }
        }
        finally
        {
            session.Leave();
        }
    }

    private async Task<CallOutcome> SendAsync(UpstreamCall call, UpstreamSession session, CredentialSet.Ready ready, Attempt attempt, CancellationToken cancellationToken)
    {
        if (call.Caller.ReadOnly && !(await session.ToolsAsync(cancellationToken)).Any(tool => (string?)tool["name"] == call.Tool && IsReadOnly(tool)))
        {
            return new CallOutcome.Refused($"This access key may only use tools that read, and {call.Tool} does not say that it only reads.");
        }

        var arguments = (JsonObject)JsonNode.Parse(call.Arguments.Span)!;
        if (ArgumentInjection.Forbidden(call.Server.Credentials, arguments) is { } forbidden)
        {
            return new CallOutcome.Refused($"Leave out '{forbidden}': the portal fills it in with your own credential.");
        }

        await injector.FillAsync(ready, arguments, cancellationToken);
        var progress = call.Options.Progress is { } report ? Clean(report, await scrubber.FindAsync(call.Caller.User, call.Server, ready)) : null;
        var began = time.GetTimestamp();
        try
        {
            var result = await session.SendAsync(RequestMethods.ToolsCall, new JsonObject { ["name"] = call.Tool, ["arguments"] = arguments }, progress, cancellationToken);
            return Answer(result, call.Tool);
        }
        finally
        {
            attempt.Upstream = time.GetElapsedTime(began);
        }
    }

    private async Task<(UpstreamSession? Session, CallOutcome? Failure, CredentialSet.Ready? Ready)> EnterAsync(UserId user, ServerSnapshot server, CancellationToken cancellationToken)
    {
        // A call may have waited since its door was passed.
        if (!await accounts.IsActiveAsync(user, cancellationToken))
        {
            return (null, new CallOutcome.Refused("Your account is disabled, so the call was not made."), null);
        }

        switch (await resolver.ResolveAsync(user, server, cancellationToken))
        {
            case CredentialSet.Missing missing:
                return (null, new CallOutcome.NeedsConnection(missing.Sentence, missing.Path), null);
            case CredentialSet.Down down:
                return (null, new CallOutcome.Unreachable(down.Sentence), null);
            case CredentialSet.Ready ready:
                var result = await pool.EnterAsync(user, server, ready, cancellationToken);
                return result is SessionResult.Opened opened ? (opened.Session, null, ready) : (null, Failure(result), ready);
            case var unknown:
                throw new InvalidOperationException($"Unknown credential set {unknown.GetType().Name}.");
        }
    }

    private static CallOutcome Failure(SessionResult result) => result switch
    {
        SessionResult.NeedsOwner owner => new CallOutcome.NeedsConnection(owner.Sentence, owner.Path),
        SessionResult.Refused refused => new CallOutcome.Refused(refused.Sentence),
        SessionResult.Paused paused => new CallOutcome.Refused(paused.Sentence, Busy: true),
        SessionResult.TimedOut timedOut => new CallOutcome.TimedOut(timedOut.Sentence),
        SessionResult.Unreachable unreachable => new CallOutcome.Unreachable(unreachable.Sentence),
        _ => throw new InvalidOperationException($"Unknown session result {result.GetType().Name}."),
    };

    private static Action<ProgressNotificationParams> Clean(Action<CallProgress> report, SecretScrubber? clean) =>
        p => report(new CallProgress(p.Progress.Progress, p.Progress.Total, p.Progress.Message is { } message ? clean?.Scrub(message) : null));

    /// <summary>What a server says about a failure may repeat what it was sent. It is cut only afterwards: half a credential would not be recognised.</summary>
    private async Task<CallOutcome> CleanAsync(CallOutcome outcome, UserId user, ServerSnapshot server, CredentialSet.Ready? used) => outcome is CallOutcome.ToolFailed failed
        ? failed with { Sentence = await scrubber.FindAsync(user, server, used) is { } clean ? Shorten(clean.Scrub(failed.Sentence)) : CannotVouch(server) }
        : outcome;

    private static string CannotVouch(ServerSnapshot server) => $"What {server.Name} said is not shown, because it could not be checked for your credentials.";

    private static CallOutcome Answer(JsonNode? result, string tool)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(result);
        return result is JsonObject body && body["isError"]?.GetValueKind() == JsonValueKind.True
            ? new CallOutcome.ToolFailed(FirstText(body) is { Length: > 0 } text ? text : $"{tool} reported an error.", json, null)
            : new CallOutcome.Succeeded(json);
    }

    private static string? FirstText(JsonObject result) =>
        (result["content"] as JsonArray)?.OfType<JsonObject>().Where(block => block["text"]?.GetValueKind() == JsonValueKind.String).Select(block => (string?)block["text"]).FirstOrDefault();

    private CallOutcome Explain(Exception exception, ServerSnapshot server, bool late, string lost)
    {
        if (OwnFaults.Explain(exception, server, logger) is { } own)
        {
            return Failure(own);
        }

        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case McpProtocolException protocol:
                    return new CallOutcome.ToolFailed(protocol.Message, null, (int)protocol.ErrorCode);
                case CredentialRejectedException rejected:
                    return new CallOutcome.NeedsConnection(rejected.Message, rejected.Path);
                case UnusableSecretException:
                    return new CallOutcome.NeedsConnection(e.Message, $"/servers/{server.Slug}");
                case AnswerTooLongException or OutboundRefusedException or StdioRefusedException:
                    return new CallOutcome.Unreachable(e.Message);
                case HttpRequestException { StatusCode: HttpStatusCode.Forbidden }:
                    return new CallOutcome.ToolFailed($"{server.Name} refused access (403). Your account may lack a permission there.", null, null);
                case HttpRequestException { StatusCode: { } status }:
                    return new CallOutcome.Unreachable($"{server.Name} answered with {(int)status} {status}.");
                default:
                    continue;
            }
        }

        Log.Failed(logger, server.Slug, exception.GetType().Name);
        return exception switch
        {
            OperationCanceledException when late => new CallOutcome.TimedOut($"{server.Name} did not answer within {server.Timeout.TotalSeconds:0} seconds."),
            _ => new CallOutcome.Unreachable(lost),
        };
    }

    private static CallOutcome Cancelled(UpstreamCall call, CancellationToken stopping) => stopping.IsCancellationRequested
        ? new CallOutcome.Refused("The portal is restarting. Try again in a moment.", Busy: true)
        : call.Cancelled.IsCancellationRequested
            ? new CallOutcome.Cancelled()
            : new CallOutcome.TimedOut($"{call.Server.Name} did not answer within {call.Timeout.TotalSeconds:0} seconds.");

    private static bool IsNotFound(Exception? exception) =>
        exception is HttpRequestException { StatusCode: HttpStatusCode.NotFound } || (exception?.InnerException is { } inner && IsNotFound(inner));

    private static bool IsReadOnly(JsonObject tool) =>
        tool["annotations"] is JsonObject annotations && annotations["readOnlyHint"]?.GetValueKind() == JsonValueKind.True;

    private static string Shorten(string text) => text.Length <= MaxSentence ? text : string.Concat(text.AsSpan(0, MaxSentence), "…");

    /// <summary>What is learned on the way, whatever the outcome.</summary>
    private sealed class Attempt
    {
        public CredentialSet.Ready? Ready { get; set; }

        public string? Account { get; set; }

        public ConnectionId? Connection { get; set; }

        public TimeSpan Upstream { get; set; }

        public bool WasForgotten { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "A call to {Server} failed: {Exception}.")]
        public static partial void Failed(ILogger logger, string server, string exception);
    }
}
