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
    CallsOptions options,
    Draining draining,
    TimeProvider time,
    ILogger<CallRunner> logger)
{
    /// <summary>So many questions a server may ask its user in one call.</summary>
    public const int MaxQuestions = 10;

    private const int MaxSentence = 400;

    /// <summary>Runs the call and records it.</summary>
    public async Task<CallOutcome> RunAsync(UpstreamCall call, CancellationToken stopping)
    {
        var began = time.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(call.Cancelled, stopping);
        var attempt = new Attempt(deadline);
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
            outcome = Cancelled(call, attempt, stopping);
        }
        catch (Exception e) when (OwnFaults.Explain(e, call.Server, logger) is { } own)
        {
            outcome = Failure(own);
        }

        outcome = await CleanAsync(outcome, call.Caller.User, call.Server, attempt.Ready);
        outcome = outcome with { Id = call.Id, Server = call.Server.Name, Account = attempt.Account, Duration = time.GetElapsedTime(began), Upstream = attempt.Upstream };
        if (call.IsRecorded)
        {
            recorder.Add(call, outcome, attempt.Connection);
        }

        return outcome;
    }

    /// <summary>Lists the tools over the user's own session.</summary>
    public async Task<ToolListOutcome> ListToolsAsync(Caller caller, ServerSnapshot server, CancellationToken cancellationToken)
    {
        var (tools, failure, ready) = await OverSessionAsync(caller.User, server, "listed its tools", (session, stop) => session.ToolsAsync(stop), cancellationToken);
        return tools is null ? new ToolListOutcome.Failed(failure!)
            : await scrubber.FindAsync(caller.User, server, ready) is not { } clean ? new ToolListOutcome.Failed(new CallOutcome.Refused(CannotVouch(server)) { Server = server.Name })
            : new ToolListOutcome.Listed(
                [.. tools.Where(tool => (!caller.ReadOnly || IsReadOnly(tool)) && caller.MayCall(server.Id, (string)tool["name"]!)).Select(tool => ArgumentInjection.Hide(server.Credentials, CredentialScrubber.Scrub(clean, tool)))],
                ready!.Account);
    }

    /// <summary>The same of anything else that a server lists.</summary>
    public async Task<(IReadOnlyList<JsonObject>? Entries, CallOutcome? Failure)> ListAsync(Caller caller, ServerSnapshot server, string method, string member, CancellationToken cancellationToken)
    {
        var (entries, failure, ready) = await OverSessionAsync(caller.User, server, "listed what it offers", (session, stop) => session.ListAsync(method, member, stop), cancellationToken);
        return entries is null or [] ? (entries, failure)
            : await scrubber.FindAsync(caller.User, server, ready) is not { } clean ? (null, new CallOutcome.Refused(CannotVouch(server)) { Server = server.Name })
            : ([.. entries.Select(entry => CredentialScrubber.Scrub(clean, entry))], null);
    }

    /// <summary>What the server says of itself when the user's own session is opened.</summary>
    public async Task<(ServerIntroduction? Introduction, CallOutcome? Failure)> IntroduceAsync(Caller caller, ServerSnapshot server, CancellationToken cancellationToken)
    {
        var (introduction, failure, ready) = await OverSessionAsync(
            caller.User, server, "introduced itself", (session, _) => Task.FromResult(new ServerIntroduction(session.Capabilities, session.Instructions, session.IsPerRequest)), cancellationToken);
        return introduction is null ? (null, failure)
            : await scrubber.FindAsync(caller.User, server, ready) is not { } clean ? (null, new CallOutcome.Refused(CannotVouch(server)) { Server = server.Name })
            : (introduction with { Instructions = introduction.Instructions is { } words ? clean.Scrub(words) : null }, null);
    }

    /// <summary>See <see cref="UpstreamSession.AnnotatedSchemaAsync"/>; null also when the server cannot be asked, which the call itself will tell.</summary>
    public async Task<JsonElement?> AnnotatedSchemaAsync(Caller caller, ServerSnapshot server, string tool, CancellationToken cancellationToken)
    {
        var (found, _, _) = await OverSessionAsync(caller.User, server, "listed its tools", async (session, stop) => new Found(await session.AnnotatedSchemaAsync(tool, stop)), cancellationToken);
        return found?.Schema;
    }

    /// <summary>Whether everything that the server needs of the user is in place; no request is made.</summary>
    public async ValueTask<bool> IsReadyAsync(UserId user, ServerSnapshot server, CancellationToken cancellationToken) =>
        await resolver.ResolveAsync(user, server, cancellationToken) is CredentialSet.Ready;

    /// <summary>Keeps the user's own session listening until cancelled, or until the session ends.</summary>
    public Task ListenAsync(UserId user, ServerSnapshot server, JsonObject wanted, CancellationToken cancellationToken) => OverSessionAsync(
        user, server, "told what changes", async (session, stop) => { await session.ListenAsync(wanted, stop); return session; }, cancellationToken, Timeout.InfiniteTimeSpan);

    private async Task<(T? Value, CallOutcome? Failure, CredentialSet.Ready? Ready)> OverSessionAsync<T>(
        UserId user, ServerSnapshot server, string doing, Func<UpstreamSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken, TimeSpan? limit = null)
        where T : class
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, draining.Over);
        deadline.CancelAfter(limit ?? server.Timeout);
        CredentialSet.Ready? ready = null;
        UpstreamSession? session = null;
        for (var again = false; ; again = true)
        {
            try
            {
                (session, var failure, ready) = await EnterAsync(user, server, deadline.Token);
                return session is null ? (null, failure! with { Server = server.Name }, ready) : (await WorkAsync(session), null, ready);
            }
            catch (Exception e) when (!again && IsOver(session, e) && !deadline.IsCancellationRequested)
            {
                // The server forgot the session or went away since it was last used. Asking changes nothing there, so it is asked anew.
                session!.Retire();
            }
            catch (Exception) when (draining.Over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return (null, new CallOutcome.Refused(Draining.Sentence, Busy: true) { Server = server.Name }, ready);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                var outcome = Explain(e, server, late: true, $"The connection to {server.Name} was lost while it {doing}.");
                return (null, await CleanAsync(outcome, user, server, ready) with { Server = server.Name }, ready);
            }
        }

        async Task<T> WorkAsync(UpstreamSession entered)
        {
            try
            {
                using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, entered.Aborted);
                return await work(entered, both.Token);
            }
            finally
            {
                entered.Leave();
            }
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
        if (call.IsTool && call.Caller.ReadOnly && !(await session.ToolsAsync(cancellationToken)).Any(tool => (string?)tool["name"] == call.Tool && IsReadOnly(tool)))
        {
            return new CallOutcome.Refused($"This access key may only use tools that read, and {call.Tool} does not say that it only reads.");
        }

        var given = (JsonObject)JsonNode.Parse(call.Arguments.Span)!;
        if (call.IsTool && ArgumentInjection.Forbidden(call.Server.Credentials, given) is { } forbidden)
        {
            return new CallOutcome.Refused($"Leave out '{forbidden}': the portal fills it in with your own credential.");
        }

        var parameters = given;
        if (call.IsTool)
        {
            await injector.FillAsync(ready, given, cancellationToken);
            parameters = call.Options.Envelope is { } envelope ? Around(envelope) : [];
            parameters["name"] = call.Tool;
            parameters["arguments"] = given;
        }

        var clean = call.Options is { Progress: null, Log: null } && !IsList(call) ? null : await scrubber.FindAsync(call.Caller.User, call.Server, ready);
        var wishes = new UpstreamWishes
        {
            Progress = call.Options.Progress is { } report ? Clean(report, clean) : null,
            Log = call.Options.Log is { } log && clean is not null ? said => log(CredentialScrubber.Scrub(clean, said)) : null,
            LogLevel = call.Options.LogLevel,
            Capabilities = call.Options.Capabilities,
            Ask = call.Options.Ask is { } ask ? (method, parameters) => AskAsync(call, attempt, ask, method, parameters) : null,
        };
        var began = time.GetTimestamp();
        try
        {
            var answer = await session.AskAsync(call.Method, parameters, wishes, cancellationToken);
            return IsList(call) && answer.Result is JsonObject list
                ? clean is null ? new CallOutcome.Refused(CannotVouch(call.Server)) : Answer(new UpstreamAnswer(CredentialScrubber.Scrub(clean, list), null), call)
                : Answer(answer, call);
        }
        finally
        {
            attempt.Upstream = time.GetElapsedTime(began);
        }
    }

    /// <summary>A person takes longer than a server, so the call's own time stands still until they have answered.</summary>
    private async Task<UpstreamAnswer> AskAsync(UpstreamCall call, Attempt attempt, Func<string, JsonNode?, Task<UpstreamAnswer>> ask, string method, JsonNode? parameters)
    {
        if (attempt.CountQuestion() > MaxQuestions)
        {
            return new UpstreamAnswer(null, new JsonRpcErrorDetail { Code = (int)McpErrorCode.InvalidRequest, Message = $"No more than {MaxQuestions} questions in one call." });
        }

        attempt.IsAsking = true;
        attempt.Deadline.CancelAfter(options.QuestionWait);
        var answer = await ask(method, parameters);
        attempt.IsAsking = false;
        attempt.Deadline.CancelAfter(call.Timeout);
        return answer;
    }

    /// <summary>What a client sent beside the arguments, which are filled in anew.</summary>
    private static JsonObject Around(JsonObject envelope) => new(envelope.Where(entry => entry.Key != "arguments").Select(entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone())));

    /// <summary>What a server says of itself, as opposed to what it holds for its user.</summary>
    private static bool IsList(UpstreamCall call) => call.Method.EndsWith("/list", StringComparison.Ordinal);

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
    private async Task<CallOutcome> CleanAsync(CallOutcome outcome, UserId user, ServerSnapshot server, CredentialSet.Ready? used)
    {
        if (outcome is not CallOutcome.ToolFailed failed)
        {
            return outcome;
        }

        return await scrubber.FindAsync(user, server, used) is { } clean
            ? failed with { Sentence = Shorten(clean.Scrub(failed.Sentence)), ErrorData = failed.ErrorData is { } data ? JsonNode.Parse(clean.Scrub(data.ToJsonString())) : null }
            : failed with { Sentence = CannotVouch(server), ErrorData = null };
    }

    private static string CannotVouch(ServerSnapshot server) => $"What {server.Name} said is not shown, because it could not be checked for your credentials.";

    private static CallOutcome Answer(UpstreamAnswer answer, UpstreamCall call)
    {
        if (answer.Error is { } error)
        {
            return new CallOutcome.ToolFailed(error.Message, null, error.Code) { ErrorData = error.Data is null ? null : JsonSerializer.SerializeToNode(error.Data, McpJsonUtilities.DefaultOptions) };
        }

        if (answer.IsQuestion && !call.Options.CanBeAsked)
        {
            return new CallOutcome.ToolFailed($"{call.Tool} asks back before it goes on, which only an MCP client can answer.", null, null);
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(answer.Result);
        return call.IsTool && answer.Result is JsonObject body && body["isError"]?.GetValueKind() == JsonValueKind.True
            ? new CallOutcome.ToolFailed(FirstText(body) is { Length: > 0 } text ? text : $"{call.Tool} reported an error.", json, null)
            : new CallOutcome.Succeeded(json) { Node = answer.Result as JsonObject };
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
                case HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError }:
                    return new CallOutcome.Unreachable($"{server.Name} cannot be reached at {server.Endpoint!.Host}. Nothing was sent to it.");
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

    private CallOutcome Cancelled(UpstreamCall call, Attempt attempt, CancellationToken stopping) => stopping.IsCancellationRequested
        ? attempt.Upstream == TimeSpan.Zero
            ? new CallOutcome.Refused(Draining.Sentence, Busy: true)
            : new CallOutcome.Unreachable($"The portal is restarting and could not wait for {call.Server.Name} any longer. Whether the tool ran is unknown, so the call was not repeated.")
        : call.Cancelled.IsCancellationRequested
            ? new CallOutcome.Cancelled()
            : attempt.IsAsking ? new CallOutcome.TimedOut($"Nobody answered what {call.Server.Name} asked within {options.QuestionWait.TotalSeconds:0} seconds.")
            : new CallOutcome.TimedOut($"{call.Server.Name} did not answer within {call.Timeout.TotalSeconds:0} seconds.");

    private static bool IsNotFound(Exception? exception) =>
        exception is HttpRequestException { StatusCode: HttpStatusCode.NotFound } || (exception?.InnerException is { } inner && IsNotFound(inner));

    /// <summary>The session ended by itself, which is not what becomes of one whose reason was withdrawn.</summary>
    private static bool IsOver(UpstreamSession? session, Exception exception) => session is { Aborted.IsCancellationRequested: false } && (!session.IsUsable || IsNotFound(exception));

    private static bool IsReadOnly(JsonObject tool) =>
        tool["annotations"] is JsonObject annotations && annotations["readOnlyHint"]?.GetValueKind() == JsonValueKind.True;

    private static string Shorten(string text) => text.Length <= MaxSentence ? text : string.Concat(text.AsSpan(0, MaxSentence), "…");

    private sealed record Found(JsonElement? Schema);

    /// <summary>What is learned on the way, whatever the outcome.</summary>
    private sealed class Attempt(CancellationTokenSource deadline)
    {
        private int _questions;

        public CancellationTokenSource Deadline { get; } = deadline;

        public CredentialSet.Ready? Ready { get; set; }

        public string? Account { get; set; }

        public ConnectionId? Connection { get; set; }

        public TimeSpan Upstream { get; set; }

        public bool WasForgotten { get; set; }

        public bool IsAsking { get; set; }

        public int CountQuestion() => Interlocked.Increment(ref _questions);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "A call to {Server} failed: {Exception}.")]
        public static partial void Failed(ILogger logger, string server, string exception);
    }
}
