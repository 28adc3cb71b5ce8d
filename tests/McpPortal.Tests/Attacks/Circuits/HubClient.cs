using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>A hand-made client of the hub that carries circuits; it may say what no browser would.</summary>
internal sealed class HubClient : IAsyncDisposable
{
    private static readonly Dictionary<string, string> NoHeaders = [];
    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<object?>> _waiting = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _leaving = new();
    private Task _reading = Task.CompletedTask;
    private int _invocations;

    /// <summary>Called for what the server sends: the method's name and its arguments.</summary>
    public Func<string, object?[], Task> Received { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Completes when the connection has ended, whoever ended it.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Asks for a connection token as blazor.web.js does.</summary>
    public static async Task<string> NegotiateAsync(HttpClient browser, CancellationToken cancellationToken)
    {
        using var response = await browser.PostAsync(new Uri("/_blazor/negotiate?negotiateVersion=1", UriKind.Relative), null, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (string)(await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!["connectionToken"]!;
    }

    /// <exception cref="WebSocketException">The portal refused; the message names the status.</exception>
    public async Task ConnectAsync(Uri portal, string? cookies, string? token, string? origin, CancellationToken cancellationToken)
    {
        if (cookies is not null)
        {
            _socket.Options.SetRequestHeader("Cookie", cookies);
        }

        if (origin is not null)
        {
            _socket.Options.SetRequestHeader("Origin", origin);
        }

        var address = new UriBuilder(portal) { Scheme = "ws", Path = "/_blazor", Query = token is null ? "" : $"id={Uri.EscapeDataString(token)}" };
        await _socket.ConnectAsync(address.Uri, cancellationToken);
        await _socket.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"blazorpack\",\"version\":1}\u001e"), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        _reading = ReadAsync();
    }

    public Task SendAsync(string method, params object?[] arguments) => WriteAsync(PackWriter.Frame(1, NoHeaders, null, method, arguments));

    /// <returns>What the server answers; throws what it throws.</returns>
    public async Task<object?> InvokeAsync(string method, params object?[] arguments)
    {
        var id = Interlocked.Increment(ref _invocations).ToString(CultureInfo.InvariantCulture);
        var answer = _waiting[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await WriteAsync(PackWriter.Frame(1, NoHeaders, id, method, arguments));
        await Task.WhenAny(answer.Task, Closed);
        return answer.Task.IsCompleted ? await answer.Task : throw new IOException("The connection was closed.");
    }

    public async Task WriteAsync(byte[] bytes)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, _leaving.Token);
        }
        catch (Exception e) when (e is WebSocketException or InvalidOperationException or OperationCanceledException)
        {
            throw new IOException("The connection was closed.", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _reading;
        _socket.Dispose();
        _leaving.Dispose();
        _sending.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            var held = new List<byte>();
            var buffer = new byte[64 * 1024];
            var greeted = false;
            while (await _socket.ReceiveAsync(buffer, _leaving.Token) is { MessageType: not WebSocketMessageType.Close } part)
            {
                held.AddRange(buffer.AsSpan(0, part.Count));
                if (!greeted && held.IndexOf(0x1E) is >= 0 and var end)
                {
                    greeted = true;
                    held.RemoveRange(0, end + 1);
                }

                while (greeted && PackReader.TryFrame(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(held), out var start, out var length))
                {
                    var message = (object?[])new PackReader(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(held).Slice(start, length)).Read()!;
                    held.RemoveRange(0, start + length);
                    await TakeAsync(message);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // It is closed.
        }
        finally
        {
            _closed.TrySetResult();
        }
    }

    private async Task TakeAsync(object?[] message)
    {
        if ((long)message[0]! == 1)
        {
            await Received((string)message[3]!, (object?[])message[4]!);
        }
        else if ((long)message[0]! == 3 && _waiting.TryRemove((string)message[2]!, out var answer))
        {
            if ((long)message[3]! == 1)
            {
                answer.SetException(new IOException((string)message[4]!));
            }
            else
            {
                answer.SetResult(message.Length > 4 ? message[4] : null);
            }
        }
    }
}
