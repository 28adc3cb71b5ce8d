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
    public Task<Dictionary<string, string>> AnswerAsync(CancellationToken stop) => AnswerAsync("200 OK\r\nContent-Length: 2", stop);

    /// <summary>The same, and the browser is sent on.</summary>
    public Task<Dictionary<string, string>> SendOnAsync(Uri next, CancellationToken stop) => AnswerAsync($"302 Found\r\nLocation: {next}\r\nContent-Length: 2", stop);

    private async Task<Dictionary<string, string>> AnswerAsync(string head, CancellationToken stop)
    {
        using var caller = await _listener.AcceptTcpClientAsync(stop);
        using var reader = new StreamReader(caller.GetStream(), Encoding.ASCII);
        var target = new Uri(Address, (await reader.ReadLineAsync(stop))!.Split(' ')[1]);
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {head}\r\nConnection: close\r\n\r\nok"), stop);
        return target.Query[1..].Split('&').Select(part => part.Split('=')).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]), StringComparer.Ordinal);
    }

    public void Dispose() => _listener.Dispose();
}
