using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using McpPortal.Servers;
using McpPortal.StreamableHttp;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>One live MCP client of one user at one server. It drains before it closes, unless it is aborted.</summary>
internal sealed class UpstreamSession : IAsyncDisposable
{
    private const string Reserved = "io.modelcontextprotocol/";
    private readonly ConcurrentDictionary<string, UpstreamWishes> _running = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _aborted;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _time;
    private readonly McpClient _client;
    private readonly RawTransport _transport;
    private readonly UpstreamNews _news;
    private readonly Dictionary<string, int> _subscribed = new(StringComparer.Ordinal);
    private readonly StandingStream? _standing;
    private readonly CancellationTokenSource _retiring = new();
    private readonly Lock _gate = new();
    private Task<IReadOnlyList<JsonObject>>? _tools;
    private CancellationTokenSource? _stands;
    private int _listeners;
    private volatile Dictionary<string, JsonElement>? _annotated;
    private int _active;
    private bool _retired;
    private bool _disposed;

    /// <param name="key">What the session is for.</param>
    /// <param name="server">The server as it was when the session was opened.</param>
    /// <param name="client">The open client.</param>
    /// <param name="transport">What the client is open over.</param>
    /// <param name="standing">How a server over HTTP is heard that does not speak on an open request.</param>
    /// <param name="news">Told what the server says without being asked.</param>
    /// <param name="replaceAt">See <see cref="ReplaceAt"/>.</param>
    /// <param name="aborted">Cancelled by <see cref="AbortAsync"/>; the transport may listen too.</param>
    /// <param name="time">The clock.</param>
    public UpstreamSession(SessionKey key, ServerSnapshot server, McpClient client, RawTransport transport, StandingStream? standing, UpstreamNews news, DateTimeOffset? replaceAt, CancellationTokenSource aborted, TimeProvider time)
    {
        (Key, Server, _client, _transport, _standing, _news, ReplaceAt, _aborted, _time) = (key, server, client, transport, standing, news, replaceAt, aborted, time);
        OpenedAt = LastUsedAt = time.GetUtcNow();
        (transport.Heard, transport.WhoIsAsked) = (Hear, WhoIsAsked);
    }

    public SessionKey Key { get; }

    public ServerSnapshot Server { get; }

    public DateTimeOffset OpenedAt { get; }

    public DateTimeOffset LastUsedAt { get; private set; }

    /// <summary>When a token in the environment of the child ends; another session takes over before.</summary>
    public DateTimeOffset? ReplaceAt { get; }

    public int ActiveCalls => Volatile.Read(ref _active);

    /// <summary>Cancelled when running calls must stop at once: user disabled, credential withdrawn.</summary>
    public CancellationToken Aborted => _aborted.Token;

    /// <summary>Completes when the client is closed.</summary>
    public Task Closed => _closed.Task;

    /// <summary>What the server says it can do, and how to use it.</summary>
    public ServerCapabilities Capabilities => _client.ServerCapabilities;

    public string? Instructions => _client.ServerInstructions;

    /// <summary>The server speaks 2026-07-28 or later: no session, and whoever asks says in each request what it can do.</summary>
    public bool IsPerRequest => ProtocolVersions.IsPerRequest(_client.NegotiatedProtocolVersion);

    /// <summary>Whether new calls may still begin.</summary>
    public bool IsUsable => !_retired && !_client.Completion.IsCompleted;

    /// <summary>Registers a call. False: the session is closing, take another one.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (!IsUsable)
            {
                return false;
            }

            _active++;
            return true;
        }
    }

    public void Leave()
    {
        bool close;
        lock (_gate)
        {
            _active--;
            LastUsedAt = _time.GetUtcNow();
            close = _retired && _active == 0;
        }

        if (close)
        {
            _ = DisposeAsync().AsTask();
        }
    }

    /// <summary>Takes no new calls and closes when the running ones have ended.</summary>
    public void Retire()
    {
        bool close;
        lock (_gate)
        {
            close = !_retired && _active == 0;
            _retired = true;
        }

        // Who listens is no call that will end by itself.
        _ = _retiring.CancelAsync();

        if (close)
        {
            _ = DisposeAsync().AsTask();
        }
    }

    /// <summary>Stops running calls and closes now.</summary>
    public async Task AbortAsync()
    {
        lock (_gate)
        {
            _retired = true;
        }

        await _aborted.CancelAsync();
        await DisposeAsync();
    }

    /// <summary>
    /// Sends a request and returns what the server answered. What of its metadata concerns the asker's own connection is taken out. Throws
    /// what the SDK throws when there is no answer.
    /// </summary>
    public async Task<UpstreamAnswer> AskAsync(string method, JsonObject parameters, UpstreamWishes wishes, CancellationToken cancellationToken)
    {
        var answer = await AskOnceAsync(method, parameters, wishes, cancellationToken);
        if (answer.Error?.Code != (int)McpErrorCode.HeaderMismatch || method != RequestMethods.ToolsCall || _tools is { IsCompletedSuccessfully: true })
        {
            return answer;
        }

        // Arguments that travel in headers too are known from the definitions; a server that misses them did nothing.
        await ToolsAsync(cancellationToken);
        return await AskOnceAsync(method, parameters, wishes, cancellationToken);
    }

    /// <summary>
    /// Keeps the server telling what changes until cancelled: lists as far as it does so by itself, and these resources. What it says goes
    /// to <see cref="UpstreamNews"/>.
    /// </summary>
    /// <param name="wanted">As in <c>subscriptions/listen</c> (2026-07-28).</param>
    /// <param name="until">Ends it; so does the end of the session, after which another one may go on.</param>
    public async Task ListenAsync(JsonObject wanted, CancellationToken until)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(until, _retiring.Token);
        var offered = Offered(wanted);
        if (offered.Count > 0)
        {
            await ListenUntilAsync(offered, both.Token);
        }
        else
        {
            await Task.Delay(Timeout.Infinite, both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What of it the server says it tells.</summary>
    private JsonObject Offered(JsonObject wanted) => new(wanted.Where(wish => wish.Key switch
    {
        "toolsListChanged" => Capabilities.Tools?.ListChanged == true,
        "promptsListChanged" => Capabilities.Prompts?.ListChanged == true,
        "resourcesListChanged" => Capabilities.Resources?.ListChanged == true,
        "resourceSubscriptions" => Capabilities.Resources?.Subscribe == true,
        _ => false,
    }).Select(wish => KeyValuePair.Create(wish.Key, wish.Value?.DeepClone())));

    private async Task ListenUntilAsync(JsonObject wanted, CancellationToken cancellationToken)
    {
        if (IsPerRequest)
        {
            await AskOnceAsync(RequestMethods.SubscriptionsListen, new JsonObject { ["notifications"] = wanted }, UpstreamWishes.None, cancellationToken);
            return;
        }

        var uris = (wanted["resourceSubscriptions"] as JsonArray ?? []).Select(uri => (string?)uri).OfType<string>().ToList();
        var heard = new List<string>();
        BeginStanding();
        try
        {
            foreach (var uri in uris)
            {
                heard.Add(uri);
                if (Count(uri, 1) == 1 && (await AskOnceAsync(RequestMethods.ResourcesSubscribe, new JsonObject { ["uri"] = uri }, UpstreamWishes.None, cancellationToken)).Error is not null)
                {
                    heard.Remove(uri);
                    Count(uri, -1);
                }
            }

            // With nothing to hear it ends, and is begun anew a little later.
            if (heard.Count > 0 || wanted.Count > 1 || uris.Count == 0)
            {
                await Task.WhenAny(Task.Delay(Timeout.Infinite, cancellationToken), _client.Completion);
            }
        }
        finally
        {
            EndStanding();
            await UnsubscribeAsync([.. heard.Where(uri => Count(uri, -1) == 0)]);
        }
    }

    private async Task UnsubscribeAsync(IReadOnlyList<string> uris)
    {
        foreach (var uri in uris.Where(_ => IsUsable))
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), _time);
            await AskOnceAsync(RequestMethods.ResourcesUnsubscribe, new JsonObject { ["uri"] = uri }, UpstreamWishes.None, patience.Token);
        }
    }

    /// <summary>The server's tool definitions, as it sent them; asked for once.</summary>
    public Task<IReadOnlyList<JsonObject>> ToolsAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_tools is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _tools = ListToolsAsync();
            }

            return _tools.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The schema of a tool some of whose arguments travel in headers too (<c>x-mcp-header</c>, 2026-07-28); null for others.</summary>
    public async ValueTask<JsonElement?> AnnotatedSchemaAsync(string tool, CancellationToken cancellationToken)
    {
        if (!IsPerRequest)
        {
            return null;
        }

        var tools = await ToolsAsync(cancellationToken);
        _annotated ??= tools
            .Where(known => known["inputSchema"]?.ToJsonString().Contains("x-mcp-header", StringComparison.Ordinal) == true)
            .GroupBy(known => (string)known["name"]!, StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => same.First()["inputSchema"].Deserialize<JsonElement>(), StringComparer.Ordinal);
        return _annotated.TryGetValue(tool, out var schema) ? schema : null;
    }

    public async ValueTask DisposeAsync()
    {
        bool first;
        lock (_gate)
        {
            (first, _disposed, _retired) = (!_disposed, true, true);
        }

        if (!first)
        {
            await _closed.Task;
            return;
        }

        try
        {
            await _client.DisposeAsync();
        }
        finally
        {
            _closed.TrySetResult();
        }
    }

    /// <summary>
    /// Everything that a list of the server holds, on all its pages, as the server sent it. Empty when the server does not offer such a list.
    /// Throws what <see cref="AskAsync"/> throws.
    /// </summary>
    /// <param name="method">What asks for the list, such as <c>prompts/list</c>.</param>
    /// <param name="member">Where the entries stand in the result.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(string method, string member, CancellationToken cancellationToken)
    {
        const int MaxPages = 100;
        const int MaxBytes = 16 * 1024 * 1024;
        if (!Offers(method))
        {
            return [];
        }

        var bytes = 0L;
        var entries = new List<JsonObject>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        string? cursor = null;
        for (var pages = 0; pages < MaxPages; pages++)
        {
            var answer = await AskOnceAsync(method, cursor is null ? [] : new JsonObject { ["cursor"] = cursor }, UpstreamWishes.None, cancellationToken);
            if (answer.Error is { } error)
            {
                // Who has resources need not have templates of them.
                return error.Code == (int)McpErrorCode.MethodNotFound && method != RequestMethods.ToolsList ? entries : throw new McpProtocolException(error.Message, (McpErrorCode)error.Code);
            }

            if (answer.Result is not JsonObject result || result[member] is not JsonArray page)
            {
                throw new McpException("A list without entries.");
            }

            foreach (var entry in page.OfType<JsonObject>())
            {
                bytes += entry.ToJsonString().Length;
                if (bytes > MaxBytes)
                {
                    throw new AnswerTooLongException(Server.Name, MaxBytes);
                }

                entries.Add((JsonObject)entry.DeepClone());
            }

            cursor = (string?)result["nextCursor"];
            if (cursor is null || !seen.Add(cursor))
            {
                return entries;
            }
        }

        return entries;
    }

    private bool Offers(string method) => method switch
    {
        RequestMethods.PromptsList => Capabilities.Prompts is not null,
        RequestMethods.ResourcesList or RequestMethods.ResourcesTemplatesList => Capabilities.Resources is not null,
        _ => true,
    };

    private async Task<IReadOnlyList<JsonObject>> ListToolsAsync()
    {
        // Its own limit, not that of whoever asked first: a list that never ends must not be what all later ones wait for.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_aborted.Token);
        deadline.CancelAfter(Server.Timeout);
        return [.. (await ListAsync(RequestMethods.ToolsList, "tools", deadline.Token)).Where(IsKnown)];
    }

    /// <summary>The client needs the schemas to put annotated arguments into headers (2026-07-28); tools whose annotations make no sense are left out.</summary>
    private bool IsKnown(JsonObject tool)
    {
        try
        {
            _client.AddKnownTools([tool.Deserialize((JsonTypeInfo<Tool>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(Tool)))!]);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private async Task<UpstreamAnswer> AskOnceAsync(string method, JsonObject parameters, UpstreamWishes wishes, CancellationToken cancellationToken)
    {
        var token = wishes is { Progress: null, Log: null, Ask: null } ? null : Guid.NewGuid().ToString("N");
        var meta = Meta(parameters);
        if (token is not null)
        {
            _running[token] = wishes;
            if (wishes.Progress is not null)
            {
                meta["progressToken"] = token;
            }
        }

        if (meta.Count > 0 && meta.Parent is null)
        {
            parameters["_meta"] = meta;
        }

        var asked = new RawRequest(IsPerRequest, wishes);
        try
        {
            await _client.SendRequestAsync(asked.Message(method, parameters), cancellationToken);
            return asked.Answer ?? throw new McpException("An answer without a request.");
        }
        catch (McpProtocolException refusal)
        {
            return UpstreamAnswer.Of(refusal);
        }
        finally
        {
            _transport.Forget(asked);
            if (token is not null)
            {
                _running.TryRemove(token, out _);
            }
        }
    }

    /// <summary>Without what concerns the asker's own connection. Older servers refuse what only the newest revision knows.</summary>
    private static JsonObject Meta(JsonObject parameters)
    {
        if (parameters["_meta"] is not JsonObject meta)
        {
            return [];
        }

        foreach (var name in meta.Select(entry => entry.Key).Where(name => name.StartsWith(Reserved, StringComparison.Ordinal)).ToList())
        {
            meta.Remove(name);
        }

        meta.Remove("progressToken");
        return meta;
    }

    private void Hear(JsonRpcNotification notification)
    {
        switch (notification.Method)
        {
            case NotificationMethods.ProgressNotification:
                HearProgress(notification.Params);
                break;
            case NotificationMethods.LoggingMessageNotification when notification.Params is JsonObject said:
                foreach (var wishes in _running.Values)
                {
                    wishes.Log?.Invoke(said);
                }

                break;
            case NotificationMethods.ToolListChangedNotification:
                lock (_gate)
                {
                    (_tools, _annotated) = (null, null);
                }

                Tell(notification);
                break;
            case NotificationMethods.PromptListChangedNotification or NotificationMethods.ResourceListChangedNotification or NotificationMethods.ResourceUpdatedNotification:
                Tell(notification);
                break;
        }
    }

    private void Tell(JsonRpcNotification notification) => _news.Tell(Key.User, new UpstreamNotice(Key.Server, notification.Method, notification.Params as JsonObject));

    /// <summary>How many listen to a resource now: the server is told of the first and of the last.</summary>
    private int Count(string uri, int change)
    {
        lock (_subscribed)
        {
            var count = _subscribed.GetValueOrDefault(uri) + change;
            if (count == 0)
            {
                _subscribed.Remove(uri);
            }
            else
            {
                _subscribed[uri] = count;
            }

            return count;
        }
    }

    /// <summary>
    /// A question of an older server does not say which call it belongs to. It goes to the only one that can answer; with two of them running it
    /// could reach the wrong one, so neither is asked.
    /// </summary>
    private UpstreamWishes? WhoIsAsked(JsonRpcRequest question)
    {
        var able = _running.Values.Where(wishes => wishes.CanAnswer(question.Method, question.Params)).Take(2).ToList();
        return able is [var only] ? only : null;
    }

    /// <summary>Keeps the standing connection, once, while somebody listens.</summary>
    private void BeginStanding()
    {
        lock (_gate)
        {
            if (_listeners++ == 0 && _standing is not null)
            {
                _stands = CancellationTokenSource.CreateLinkedTokenSource(_aborted.Token);
                var until = _stands.Token;

                // Not here: what it does until its first wait must not be done inside the lock.
                _ = Task.Run(() => StandAsync(_standing, until), CancellationToken.None);
            }
        }
    }

    private void EndStanding()
    {
        CancellationTokenSource? last = null;
        lock (_gate)
        {
            if (--_listeners == 0)
            {
                (last, _stands) = (_stands, null);
            }
        }

        last?.Cancel();
        last?.Dispose();
    }

    private async Task StandAsync(StandingStream standing, CancellationToken cancellationToken)
    {
        try
        {
            if (await standing.RunAsync(_client.SessionId, _client.NegotiatedProtocolVersion, _transport.Take, cancellationToken) == (int)HttpStatusCode.NotFound)
            {
                Retire();
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Cancelled, or refused for a reason that the next call will meet and tell.
        }
    }

    private void HearProgress(JsonNode? parameters)
    {
        try
        {
            if (parameters.Deserialize((JsonTypeInfo<ProgressNotificationParams>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ProgressNotificationParams))) is { ProgressToken.Token: string token } progress
                && _running.TryGetValue(token, out var wishes))
            {
                wishes.Progress?.Invoke(progress);
            }
        }
        catch (JsonException)
        {
            // Nobody's.
        }
    }
}
