using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.StreamableHttp;

/// <summary>The older revisions: a session begins with <c>initialize</c> and is found again by its id and its user.</summary>
internal sealed class SessionHandler(McpEndpointOptions options, McpSessionTable sessions, IServiceProvider services, ILoggerFactory logs, TimeProvider time, CancellationToken stopping)
{
    public async Task<McpFault?> PostAsync(HttpContext context, JsonRpcMessage message)
    {
        if (context.Request.Headers[HeaderNames.SessionId].Count == 0)
        {
            return message is JsonRpcRequest { Method: RequestMethods.Initialize }
                ? await InitializeAsync(context, message)
                : McpFault.Invalid($"The {HeaderNames.SessionId} header is missing; begin with initialize.");
        }

        if (await EnterAsync(context) is not { } session)
        {
            return McpFault.SessionNotFound;
        }

        try
        {
            context.Response.Headers[HeaderNames.SessionId] = session.Id;
            if (message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification } cancelled && RequestIn(cancelled) is { } unwanted)
            {
                await session.CancelAsync(unwanted);
            }

            await ForwardAsync(context, message, session, null);
            return null;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested && options is { CancelOnDisconnect: true, EventStreamStore: null })
        {
            await CancelAsync(session, message);
            return null;
        }
        catch (Exception e) when (session.Ended.IsCancellationRequested && e is OperationCanceledException or InvalidOperationException)
        {
            return context.Response.HasStarted ? null : McpFault.SessionNotFound;
        }
        finally
        {
            session.Leave();
        }
    }

    public async Task GetAsync(HttpContext context)
    {
        if (!Accepts.EventStream(context.Request))
        {
            await FaultWriter.WriteAsync(context, new McpFault(406, (int)McpErrorCode.InvalidRequest, "Accept must name text/event-stream."));
            return;
        }

        if (await EnterAsync(context) is not { } session)
        {
            await FaultWriter.WriteAsync(context, Missing(context));
            return;
        }

        try
        {
            context.Response.Headers[HeaderNames.SessionId] = session.Id;
            await StreamAsync(context, session);
        }
        finally
        {
            session.Leave();
        }
    }

    public async Task DeleteAsync(HttpContext context)
    {
        if (Find(context) is not { } session || !await sessions.CloseAsync(session.Id, McpSessionEnd.Client))
        {
            await FaultWriter.WriteAsync(context, Missing(context));
            return;
        }

        context.Response.StatusCode = StatusCodes.Status200OK;
    }

    private async Task<McpFault?> InitializeAsync(HttpContext context, JsonRpcMessage message)
    {
        if (await options.Serves(context) is not { } serving)
        {
            return new(404, -32001, "There is no such MCP server.");
        }

        var id = SessionIds.New();
        var transport = new StreamableHttpServerTransport(logs) { SessionId = id, EventStreamStore = options.EventStreamStore };
        var server = McpServer.Create(transport, serving.Options, logs, services);
        var session = new HostedSession(id, options.UserKey(context), PathOf(context), transport, server, options.EventStreamStore is null ? serving.Answer : null, time);
        session.TryEnter();
        if (sessions.TryAdd(session) is { } full)
        {
            await session.DisposeAsync();
            return full;
        }

        var began = false;
        try
        {
            session.Start();
            await ForwardAsync(context, message, session, async (body, first) =>
            {
                if (first is JsonRpcError)
                {
                    return;
                }

                if (await RefusalAsync(context, session, (JsonRpcRequest)message, first as JsonRpcResponse) is { } refusal)
                {
                    await body.AnswerAsync(refusal, ((JsonRpcRequest)message).Id);
                    return;
                }

                began = true;
                context.Response.Headers[HeaderNames.SessionId] = id;
            });
            return null;
        }
        catch (Exception e) when (session.Ended.IsCancellationRequested && e is OperationCanceledException or InvalidOperationException)
        {
            return context.Response.HasStarted ? null : McpFault.SessionNotFound;
        }
        finally
        {
            session.Leave();
            if (!began)
            {
                await sessions.CloseAsync(id, McpSessionEnd.Client);
            }
        }
    }

    private async ValueTask<McpFault?> RefusalAsync(HttpContext context, HostedSession session, JsonRpcRequest request, JsonRpcResponse? answer)
    {
        if (options.SessionBegins is not { } begins)
        {
            return null;
        }

        // The SDK's server learns of its client only after it has answered, and may not show the answer yet. A revision that both know is the one that was asked for.
        var asked = request.Params as JsonObject;
        var client = asked?["clientInfo"] as JsonObject;
        var revision = Text(answer?.Result as JsonObject, "protocolVersion") ?? Text(asked, "protocolVersion");
        var known = Array.IndexOf(ProtocolVersions.All, revision) >= 0 && !ProtocolVersions.IsPerRequest(revision) ? revision : null;
        var start = new McpSessionStart(session.Id, Text(client, "name"), Text(client, "version"), known);
        return await begins(context, start) is { } refusal ? new(refusal.Status, -32000, refusal.Sentence) : null;
    }

    private static string? Text(JsonObject? from, string name) => from?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private async Task ForwardAsync(HttpContext context, JsonRpcMessage message, HostedSession session, Func<ResponseBody, JsonRpcMessage?, ValueTask>? onStart)
    {
        await using var body = new ResponseBody(context, options.TakeTimeout, options.EventStreamStore is null ? time : null);
        body.AnnounceEvents();
        if (message is JsonRpcRequest request && request.Method != RequestMethods.Initialize && session.Answer is { } answer && await TryAnswerAsync(context, answer, request, session, body))
        {
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, session.Ended);
        var wrote = await session.Transport.HandlePostRequestAsync(message, body, onStart is null ? null : first => onStart(body, first), ending.Token);
        if (!wrote)
        {
            context.Response.ContentType = null;
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        }
    }

    private async Task<bool> TryAnswerAsync(HttpContext context, McpAnswer answer, JsonRpcRequest request, HostedSession session, ResponseBody body)
    {
        var asked = session.Ask(request.Id, options.CancelOnDisconnect ? context.RequestAborted : CancellationToken.None);
        try
        {
            return await AnswerStream.TryAnswerAsync(answer, request, body, session, asked.Token);
        }
        catch (OperationCanceledException) when (asked.IsCancellationRequested)
        {
            // Nobody wants the answer any more, and it gets none.
            return true;
        }
        finally
        {
            session.Answered(request.Id, asked);
        }
    }

    /// <summary>The request that is cancelled. What makes no sense is ignored, as the specification asks.</summary>
    private static RequestId? RequestIn(JsonRpcNotification cancelled) => (cancelled.Params as JsonObject)?["requestId"] is not JsonValue id ? null
        : id.TryGetValue<string>(out var text) ? new RequestId(text)
        : id.TryGetValue<long>(out var number) ? new RequestId(number)
        : null;

    private static async Task CancelAsync(HostedSession session, JsonRpcMessage message)
    {
        if (message is not JsonRpcRequest request || session.Ended.IsCancellationRequested)
        {
            return;
        }

        var parameters = JsonSerializer.SerializeToNode(new CancelledNotificationParams { RequestId = request.Id, Reason = "The caller disconnected." }, McpJsonUtilities.DefaultOptions);
        var cancelled = new JsonRpcNotification { Method = NotificationMethods.CancelledNotification, Params = parameters };
        await session.Transport.HandlePostRequestAsync(cancelled, Stream.Null, session.Ended);
    }

    private async Task StreamAsync(HttpContext context, HostedSession session)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, session.Ended, stopping);
        var resume = context.Request.Headers[HeaderNames.LastEventId].ToString();
        if (resume.Length > 0 && options.EventStreamStore is { } store)
        {
            await SseReplay.RunAsync(context, store, options.TakeTimeout, session.Id, resume, ending.Token);
            return;
        }

        if (!session.TryBeginStream())
        {
            await FaultWriter.WriteAsync(context, new McpFault(409, (int)McpErrorCode.InvalidRequest, "This session already has a stream."));
            return;
        }

        var beside = options.WhileStreaming?.Invoke(context, session.Id, ending.Token);
        try
        {
            var body = new ResponseBody(context, options.TakeTimeout);
            body.AnnounceEvents();
            await context.Response.StartAsync(ending.Token);
            await context.Response.Body.FlushAsync(ending.Token);
            await session.Transport.HandleGetRequestAsync(body, ending.Token);
        }
        catch (Exception e) when (ending.IsCancellationRequested && e is OperationCanceledException or InvalidOperationException)
        {
            // The caller left, the session ended, or the node is stopping.
        }
        finally
        {
            session.EndStream();
            await ending.CancelAsync();
            await (beside ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask<HostedSession?> EnterAsync(HttpContext context) =>
        Find(context) is { } session && (options.SessionIsOpen is null || await options.SessionIsOpen(context, session.Id)) && session.TryEnter() ? session : null;

    private HostedSession? Find(HttpContext context) =>
        context.Request.Headers[HeaderNames.SessionId] is { Count: 1 } id
        && sessions.Find(id.ToString()) is { } session
        && session.BelongsTo(options.UserKey(context), PathOf(context)) ? session : null;

    private static McpFault Missing(HttpContext context) =>
        context.Request.Headers[HeaderNames.SessionId].Count == 0
            ? McpFault.Invalid($"The {HeaderNames.SessionId} header is missing.")
            : McpFault.SessionNotFound;

    private static string PathOf(HttpContext context) => context.Request.PathBase + context.Request.Path;
}
