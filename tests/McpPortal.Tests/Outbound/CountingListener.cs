using System.Net;
using System.Net.Sockets;
using System.Text;

namespace McpPortal.Tests.Outbound;

/// <summary>A real listener on loopback that counts connections, keeps each request head, and answers with fixed bytes.</summary>
internal sealed class CountingListener : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Task _loop;
    private readonly byte[] _answer;
    private int _connections;

    public CountingListener(string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", IPAddress? address = null)
    {
        _answer = Encoding.ASCII.GetBytes(answer);
        _listener = new TcpListener(address ?? IPAddress.Loopback, 0);
        _listener.Start();
        _loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    public List<string> Requests { get; } = [];

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                return;
            }

            Interlocked.Increment(ref _connections);
            using (client)
            {
                try
                {
                    var stream = client.GetStream();
                    var buffer = new byte[8192];
                    var read = await stream.ReadAsync(buffer);
                    Requests.Add(Encoding.ASCII.GetString(buffer, 0, read));
                    await stream.WriteAsync(_answer);
                }
                catch (IOException)
                {
                    // The caller hung up; the connection is counted already.
                }
            }
        }
    }
}
