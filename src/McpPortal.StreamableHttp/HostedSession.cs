using System.Collections.Concurrent;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.StreamableHttp;

/// <summary>One live session of the older revisions: the SDK's server, its transport, and who may use it.</summary>
internal sealed class HostedSession : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Dictionary<string, bool> _telling = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<RequestId, CancellationTokenSource> _asked = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _created;
    private DateTimeOffset _lastUsed;
    private Task _running = Task.CompletedTask;
    private int _active;
    private int _disposed;
    private bool _closed;
    private bool _streaming;

    public HostedSession(string id, string userKey, string path, StreamableHttpServerTransport transport, McpServer server, McpAnswer? answer, TimeProvider time)
    {
        (Id, UserKey, _path, Transport, Server, Answer, _time) = (id, userKey, path, transport, server, answer, time);
        _created = _lastUsed = time.GetUtcNow();
        Ended = _ending.Token;
    }

    public string Id { get; }

    public string UserKey { get; }

    public StreamableHttpServerTransport Transport { get; }

    public McpServer Server { get; }

    /// <summary>See <see cref="McpServing"/>.</summary>
    public McpAnswer? Answer { get; }

    /// <summary>Cancelled when the session ends; stays readable after that.</summary>
    public CancellationToken Ended { get; }

    public DateTimeOffset LastUsed
    {
        get
        {
            lock (_gate)
            {
                return _lastUsed;
            }
        }
    }

    public void Start() => _running = Server.RunAsync(Ended);

    public bool BelongsTo(string key, string requestPath) =>
        UserKey == key && string.Equals(_path, requestPath, StringComparison.OrdinalIgnoreCase);

    /// <summary>Marks the session in use until <see cref="Leave"/>; false when it is closed.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            _active += _closed ? 0 : 1;
            return !_closed;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _active--;
            _lastUsed = _time.GetUtcNow();
        }
    }

    /// <summary>Claims the one standing stream a session may have; give it back with <see cref="EndStream"/>.</summary>
    public bool TryBeginStream()
    {
        lock (_gate)
        {
            return !_streaming && (_streaming = true);
        }
    }

    public void EndStream()
    {
        lock (_gate)
        {
            _streaming = false;
        }
    }

    /// <summary>A request that is answered without the SDK's server: its client can cancel it until <see cref="Answered"/>.</summary>
    /// <returns>Cancelled also when the caller leaves or the session ends.</returns>
    public CancellationTokenSource Ask(RequestId id, CancellationToken left) => _asked[id] = CancellationTokenSource.CreateLinkedTokenSource(left, Ended);

    public void Answered(RequestId id, CancellationTokenSource asked)
    {
        _asked.TryRemove(new(id, asked));
        asked.Dispose();
    }

    /// <summary>The client does not want the answer any more.</summary>
    public async Task CancelAsync(RequestId id)
    {
        try
        {
            await (_asked.GetValueOrDefault(id)?.CancelAsync() ?? Task.CompletedTask);
        }
        catch (ObjectDisposedException)
        {
            // It was answered at the same moment.
        }
    }

    /// <summary>
    /// Sends a notification. One that repeats another which the client has not taken yet is said once after it, however often it is
    /// repeated: a client that does not read must not fill the memory.
    /// </summary>
    public async Task TellAsync(JsonRpcNotification notification, CancellationToken cancellationToken)
    {
        var words = $"{notification.Method} {notification.Params?.ToJsonString()}";
        lock (_gate)
        {
            if (_telling.ContainsKey(words))
            {
                _telling[words] = true;
                return;
            }

            _telling[words] = false;
        }

        try
        {
            do
            {
                await Server.SendMessageAsync(notification, cancellationToken);
            }
            while (IsRepeated(words));
        }
        catch
        {
            lock (_gate)
            {
                _telling.Remove(words);
            }

            throw;
        }
    }

    /// <summary>Closes the session if nobody has used it since <paramref name="cutoff"/> and nobody does now.</summary>
    public bool TryExpire(DateTimeOffset cutoff)
    {
        lock (_gate)
        {
            if (_closed || _active > 0 || _lastUsed > cutoff)
            {
                return false;
            }

            return _closed = true;
        }
    }

    public McpSessionInfo Describe()
    {
        lock (_gate)
        {
            return new(Id, UserKey, _path, Server.ClientInfo?.Name, _created, _lastUsed, _active);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        lock (_gate)
        {
            _closed = true;
        }

        await _ending.CancelAsync();
        await Transport.DisposeAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Server.DisposeAsync();
        _ending.Dispose();
    }

    private bool IsRepeated(string words)
    {
        lock (_gate)
        {
            var again = _telling[words];
            if (again)
            {
                _telling[words] = false;
            }
            else
            {
                _telling.Remove(words);
            }

            return again;
        }
    }
}
