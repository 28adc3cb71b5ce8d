using System.Net;
using System.Net.Sockets;
using System.Text;

namespace McpPortal.BrowserTests.Portal;

/// <summary>The address of its own at which a program on a desk takes its answer.</summary>
internal sealed class CallbackListener : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public CallbackListener() => _listener.Start();

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/callback");

    /// <summary>What the browser brings along.</summary>
    public async Task<Dictionary<string, string>> AnswerAsync(CancellationToken stop)
    {
        using var caller = await _listener.AcceptTcpClientAsync(stop);
        using var reader = new StreamReader(caller.GetStream(), Encoding.ASCII);
        var target = new Uri(Address, (await reader.ReadLineAsync(stop))!.Split(' ')[1]);
        await caller.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray(), stop);
        return target.Query[1..].Split('&').Select(part => part.Split('=')).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]), StringComparer.Ordinal);
    }

    public void Dispose() => _listener.Dispose();
}
