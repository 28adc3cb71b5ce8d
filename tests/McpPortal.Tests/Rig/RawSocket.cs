using System.Net;
using System.Net.Sockets;
using System.Text;

namespace McpPortal.Tests.Rig;

/// <summary>A connection on which a test writes whatever bytes it likes.</summary>
internal sealed class RawSocket : IDisposable
{
    private readonly Socket _socket;

    private RawSocket(Socket socket) => _socket = socket;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <param name="address">Where to.</param>
    /// <param name="receiveBuffer">How much the kernel may take in for a reader that does not read; 0 leaves it to the kernel.</param>
    public static async Task<RawSocket> ConnectAsync(Uri address, int receiveBuffer = 0)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0)
        {
            socket.ReceiveBufferSize = receiveBuffer;
        }

        await socket.ConnectAsync(IPAddress.Loopback, address.Port, Stop);
        return new RawSocket(socket);
    }

    /// <summary>False: the other side has hung up.</summary>
    public async Task<bool> SendAsync(string text)
    {
        try
        {
            await _socket.SendAsync(Encoding.Latin1.GetBytes(text), Stop);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Whether something came that was not read yet, the end included.</summary>
    public bool HasAnswer => _socket.Poll(0, SelectMode.SelectRead);

    /// <summary>What comes first, for answers after which the other side still waits for the rest of a request.</summary>
    public async Task<string> ReadAsync()
    {
        var buffer = new byte[4096];
        return Encoding.Latin1.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, Stop).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Stop));
    }

    /// <summary>Everything until the other side hangs up, which it has to do in time.</summary>
    public async Task<string> ReadToEndAsync(double seconds = 15)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        patience.CancelAfter(TimeSpan.FromSeconds(seconds));
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        try
        {
            while (await _socket.ReceiveAsync(buffer, patience.Token) is > 0 and var read)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (SocketException)
        {
            // Cut off, which is an end too.
        }
        catch (OperationCanceledException) when (!Stop.IsCancellationRequested)
        {
            text.Append("\r\nand the connection stays open");
        }

        return text.ToString();
    }

    public void Dispose() => _socket.Dispose();
}
