using System.Net;
using System.Net.Sockets;
using System.Text;

namespace McpPortal.Tests.Promises;

/// <summary>An address that passes everything on to another one, counts who comes, and keeps what they bring.</summary>
internal sealed class WatchedDoor : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly StringBuilder _brought = new();
    private readonly Uri _target;
    private readonly Task _loop;
    private int _connections;

    public WatchedDoor(Uri target)
    {
        _target = target;
        _listener.Start();
        _loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Everything that came in so far, a character for each byte.</summary>
    public string Brought()
    {
        lock (_brought)
        {
            return _brought.ToString();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        await _loop;
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> passing = [];
        try
        {
            while (true)
            {
                var visitor = await _listener.AcceptTcpClientAsync(_closing.Token);
                Interlocked.Increment(ref _connections);
                passing.Add(PassAsync(visitor));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(passing);
        }
    }

    private async Task PassAsync(TcpClient visitor)
    {
        using var _ = visitor;
        using var behind = new TcpClient();
        try
        {
            await behind.ConnectAsync(_target.Host, _target.Port, _closing.Token);
            await Task.WhenAny(CopyAsync(visitor.GetStream(), behind.GetStream(), keep: true), CopyAsync(behind.GetStream(), visitor.GetStream(), keep: false));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Either side hung up.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool keep)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, _closing.Token) is > 0 and var read)
            {
                if (keep)
                {
                    lock (_brought)
                    {
                        _brought.Append(Encoding.Latin1.GetString(buffer, 0, read));
                    }
                }

                await to.WriteAsync(buffer.AsMemory(0, read), _closing.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Either side hung up.
        }
    }
}
