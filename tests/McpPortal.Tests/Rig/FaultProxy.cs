using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace McpPortal.Tests.Rig;

/// <summary>A hop on loopback that fails on demand: in front of the database, a provider or an upstream.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Socket, byte> _open = new();
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private readonly int _target;
    private volatile TaskCompletionSource _passing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TcpListener? _listener;
    private long _left = long.MaxValue;

    public FaultProxy(int target)
    {
        _target = target;
        _passing.SetResult();
        Listen();
    }

    public int Port { get; } = Ports.Free();

    /// <summary>How long each piece of traffic is held back, in both directions.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Ends every fault but <see cref="Delay"/>.</summary>
    public void Pass()
    {
        Interlocked.Exchange(ref _left, long.MaxValue);
        _passing.TrySetResult();
        if (_listener is null)
        {
            Listen();
        }
    }

    /// <summary>As if nobody ran there: open connections end, new ones are refused.</summary>
    public void Refuse()
    {
        _listener?.Dispose();
        _listener = null;
        Cut();
    }

    /// <summary>Connections are accepted and nothing comes through any more.</summary>
    public void Hang() => _passing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends open connections with a reset; new ones pass.</summary>
    public void Cut()
    {
        foreach (var socket in _open.Keys)
        {
            Reset(socket);
        }
    }

    /// <summary>Lets so many more bytes of clients through, then cuts once.</summary>
    public void CutAfter(long bytes) => Interlocked.Exchange(ref _left, bytes);

    public async ValueTask DisposeAsync()
    {
        Refuse();
        _passing.TrySetResult();
        await Task.WhenAll(_running.Keys);
    }

    private void Listen()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        Run(AcceptAsync(_listener));
    }

    private void Run(Task task)
    {
        _running.TryAdd(task, 0);
        _ = task.ContinueWith(done => _running.TryRemove(done, out _), TaskScheduler.Default);
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                Run(ServeAsync(await listener.AcceptSocketAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Refused from now on.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        (_open[client], _open[server]) = (0, 0);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAny(PumpAsync(client, server, counted: true), PumpAsync(server, client, counted: false));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Nobody there.
        }
        finally
        {
            Close(client);
            Close(server);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool counted)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var read)
            {
                await _passing.Task;
                await Task.Delay(Delay);
                var left = counted ? Interlocked.Add(ref _left, -read) : 0;
                var allowed = (int)Math.Clamp(read + Math.Min(left, 0), 0, read);
                for (var sent = 0; sent < allowed;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, allowed - sent));
                }

                if (left < 0)
                {
                    Interlocked.Exchange(ref _left, long.MaxValue);
                    Cut();
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    private void Close(Socket socket)
    {
        _open.TryRemove(socket, out _);
        socket.Dispose();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        socket.Dispose();
    }
}
