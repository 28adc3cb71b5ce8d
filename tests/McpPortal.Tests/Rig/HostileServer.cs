using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Rig;

/// <summary>An MCP server over HTTP that behaves until it is told not to: whatever <see cref="Misbehave"/> takes over, it answers itself.</summary>
internal sealed class HostileServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Heard> _heard = new();
    private int _sessions;
    private int _open;
    private int _mostOpen;

    private HostileServer(WebApplication app) => _app = app;

    public string Authority => new Uri(_app.Urls.Single()).Authority;

    public string Url => $"http://{Authority}/mcp";

    /// <summary>Answers a request in the server's place and says whether it did.</summary>
    public Func<Heard, HttpContext, Task<bool>>? Misbehave { get; set; }

    public IReadOnlyCollection<Heard> Requests => _heard;

    /// <summary>Most requests that were open at the same time.</summary>
    public int MostOpen => Volatile.Read(ref _mostOpen);

    /// <summary>Forgets what it heard.</summary>
    public void Forget() => _heard.Clear();

    public int Count(string method) => _heard.Count(heard => heard.Method == method);

    public static async Task<HostileServer> StartAsync(Func<Heard, HttpContext, Task<bool>>? misbehave = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MinResponseDataRate = null);
        var app = builder.Build();
        var server = new HostileServer(app) { Misbehave = misbehave };
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        // Whatever it lets hang would keep it from stopping.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    /// <summary>Hangs until the caller is gone.</summary>
    public static async Task<bool> HangAsync(HttpContext context)
    {
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }

    public static async Task<bool> SendAsync(HttpContext context, string body, string kind = "application/json", int status = 200)
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, kind);
        await context.Response.WriteAsync(body, context.RequestAborted);
        return true;
    }

    /// <summary>Begins a stream of events and returns what writes one.</summary>
    public static async Task<Func<string, Task>> StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.Body.FlushAsync(context.RequestAborted);
        return async data =>
        {
            await context.Response.WriteAsync($"data: {data}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        };
    }

    public static string Result(string id, string result) => $$"""{"jsonrpc":"2.0","id":{{id}},"result":{{result}}}""";

    public static string Text(string id, string text) => Result(id, $$"""{"content":[{"type":"text","text":"{{text}}"}]}""");

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        var message = body.Length > 0 ? JsonNode.Parse(body) as JsonObject : null;
        var heard = new Heard(
            (string?)message?["method"] ?? (message is null ? context.Request.Method : "reply"),
            message?["id"]?.ToJsonString() ?? "null",
            (string?)message?["params"]?["name"],
            body,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        _heard.Enqueue(heard);
        var open = Interlocked.Increment(ref _open);
        for (var most = _mostOpen; open > most; most = _mostOpen)
        {
            Interlocked.CompareExchange(ref _mostOpen, open, most);
        }

        try
        {
            if (Misbehave is null || !await Misbehave(heard, context))
            {
                await BehaveAsync(heard, context);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The portal hung up.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private Task<bool> BehaveAsync(Heard heard, HttpContext context)
    {
        switch (heard.Method)
        {
            case "initialize":
                context.Response.Headers["Mcp-Session-Id"] = $"session-{Interlocked.Increment(ref _sessions)}";
                return SendAsync(context, Result(heard.Id, """{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"hostile","version":"1"}}"""));
            case "tools/list":
                return SendAsync(context, Result(heard.Id, """{"tools":[{"name":"act","inputSchema":{"type":"object"}}]}"""));
            case "tools/call":
                return SendAsync(context, Text(heard.Id, "done"));
            case "DELETE" or "reply" or "notifications/initialized" or "notifications/cancelled":
                context.Response.StatusCode = StatusCodes.Status202Accepted;
                return Task.FromResult(true);
            default:
                return SendAsync(context, $$"""{"jsonrpc":"2.0","id":{{heard.Id}},"error":{"code":-32601,"message":"no such method"} }""");
        }
    }

    /// <summary>What arrived: the JSON-RPC method (or the HTTP method, or <c>reply</c>), its id as JSON, the tool, and the whole of it.</summary>
    internal sealed record Heard(string Method, string Id, string? Tool, string Body, IReadOnlyDictionary<string, string> Headers);
}
