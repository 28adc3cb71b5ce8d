using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using McpPortal.Servers;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>One live MCP client of one user at one server. It drains before it closes, unless it is aborted.</summary>
internal sealed class UpstreamSession : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Action<ProgressNotificationParams>> _progress = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _aborted;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _time;
    private readonly McpClient _client;
    private readonly IAsyncDisposable _progressHandler;
    private readonly Lock _gate = new();
    private Task<IReadOnlyList<JsonObject>>? _tools;
    private int _active;
    private bool _retired;
    private bool _disposed;

    /// <param name="key">What the session is for.</param>
    /// <param name="server">The server as it was when the session was opened.</param>
    /// <param name="client">The open client.</param>
    /// <param name="replaceAt">See <see cref="ReplaceAt"/>.</param>
    /// <param name="aborted">Cancelled by <see cref="AbortAsync"/>; the transport may listen too.</param>
    /// <param name="time">The clock.</param>
    public UpstreamSession(SessionKey key, ServerSnapshot server, McpClient client, DateTimeOffset? replaceAt, CancellationTokenSource aborted, TimeProvider time)
    {
        (Key, Server, _client, ReplaceAt, _aborted, _time) = (key, server, client, replaceAt, aborted, time);
        OpenedAt = LastUsedAt = time.GetUtcNow();
        _progressHandler = client.RegisterNotificationHandler(NotificationMethods.ProgressNotification, OnProgress);
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

    /// <summary>Sends a request and returns its raw result. Throws what the SDK throws.</summary>
    public async Task<JsonNode?> SendAsync(string method, JsonObject parameters, Action<ProgressNotificationParams>? progress, CancellationToken cancellationToken)
    {
        string? token = null;
        if (progress is not null)
        {
            token = Guid.NewGuid().ToString("N");
            _progress[token] = progress;
            var meta = parameters["_meta"] as JsonObject ?? [];
            meta["progressToken"] = token;
            parameters["_meta"] = meta;
        }

        try
        {
            var response = await _client.SendRequestAsync(new JsonRpcRequest { Method = method, Params = parameters }, cancellationToken);
            return response.Result;
        }
        finally
        {
            if (token is not null)
            {
                _progress.TryRemove(token, out _);
            }
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
            await _progressHandler.DisposeAsync();
            await _client.DisposeAsync();
        }
        finally
        {
            _closed.TrySetResult();
        }
    }

    private async Task<IReadOnlyList<JsonObject>> ListToolsAsync()
    {
        const int MaxPages = 100;
        const int MaxBytes = 16 * 1024 * 1024;
        var bytes = 0L;

        // Its own limit, not that of whoever asked first: a list that never ends must not be what all later ones wait for.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_aborted.Token);
        deadline.CancelAfter(Server.Timeout);
        var tools = new List<JsonObject>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        string? cursor = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var result = await _client.ListToolsAsync(new ListToolsRequestParams { Cursor = cursor }, deadline.Token);

            // The client needs the schemas to put annotated arguments into headers (2026-07-28).
            _client.AddKnownTools(result.Tools);
            foreach (var tool in result.Tools)
            {
                var json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(tool, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(Tool)));
                bytes += json.Length;
                if (bytes > MaxBytes)
                {
                    throw new AnswerTooLongException(Server.Name, MaxBytes);
                }

                tools.Add((JsonObject)JsonNode.Parse(json)!);
            }

            cursor = result.NextCursor;
            if (cursor is null || !seen.Add(cursor))
            {
                return tools;
            }
        }

        return tools;
    }

    private ValueTask OnProgress(JsonRpcNotification notification, CancellationToken cancellationToken)
    {
        var parameters = System.Text.Json.JsonSerializer.Deserialize(
            notification.Params,
            (System.Text.Json.Serialization.Metadata.JsonTypeInfo<ProgressNotificationParams>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ProgressNotificationParams)));
        if (parameters is not null && parameters.ProgressToken.Token is string token && _progress.TryGetValue(token, out var callback))
        {
            callback(parameters);
        }

        return ValueTask.CompletedTask;
    }
}
