using System.Security.Claims;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.StreamableHttp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.StreamableHttp;

/// <summary>A real Kestrel on a free port with one MCP endpoint; the bearer token is the user's name.</summary>
internal sealed class McpTestHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private McpTestHost(WebApplication app, McpSessionTable sessions)
    {
        _app = app;
        Sessions = sessions;
        Endpoint = new Uri(app.Urls.Single() + "/mcp");
    }

    public Uri Endpoint { get; }

    public McpSessionTable Sessions { get; }

    public HttpClient Http { get; } = new();

    public static async Task<McpTestHost> StartAsync(
        Func<HttpContext, McpServerOptions?> server,
        McpSessionLimits? limits = null,
        TimeProvider? time = null,
        Func<HttpContext, bool>? origin = null,
        int maxBytes = 4 * 1024 * 1024,
        bool stateless = false,
        ISseEventStreamStore? events = null,
        Func<McpSessionStart, McpSessionRefusal?>? begins = null,
        Func<string, bool>? isOpen = null,
        Action<string, McpSessionEnd>? ended = null,
        int port = 0,
        TimeSpan? patience = null,
        McpAnswer? answer = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        var app = builder.Build();
        app.Use((context, next) =>
        {
            var name = context.Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal);
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], "test"));
            return next(context);
        });
        var sessions = new McpSessionTable(limits ?? new(), time ?? TimeProvider.System)
        {
            Ended = (id, end) =>
            {
                ended?.Invoke(id, end);
                return Task.CompletedTask;
            },
        };
        app.MapMcp("/mcp", new McpEndpointOptions
        {
            Serves = context => ValueTask.FromResult(
                answer is not null ? new McpServing(() => server(context)!, answer)
                : server(context) is { } options ? new McpServing(() => options)
                : null),
            UserKey = context => context.User.Identity!.Name!,
            FillItems = (context, items) =>
            {
                items["token"] = context.Request.Headers.Authorization.ToString();
                items["nonce"] = context.Request.Headers["X-Nonce"].ToString();
            },
            IsAllowedOrigin = origin ?? OriginRules.SameOrigin,
            MaxRequestBytes = maxBytes,
            Sessions = sessions,
            SessionBegins = begins is null ? null : (_, start) => ValueTask.FromResult(begins(start)),
            SessionIsOpen = isOpen is null ? null : (_, id) => ValueTask.FromResult(isOpen(id)),
            Stateless = stateless,
            EventStreamStore = events,
            ReadTimeout = patience ?? TimeSpan.FromSeconds(30),
            TakeTimeout = patience ?? TimeSpan.FromSeconds(30),
        });
        await app.StartAsync();
        return new McpTestHost(app, sessions);
    }

    public static McpServerOptions Server(params Delegate[] tools)
    {
        var options = new McpServerOptions { ToolCollection = [] };
        foreach (var tool in tools)
        {
            options.ToolCollection.Add(McpServerTool.Create(tool));
        }

        return options;
    }

    public Task<McpClient> ConnectAsync(string user, string? version = null) =>
        McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions
            {
                Endpoint = Endpoint,
                TransportMode = HttpTransportMode.StreamableHttp,
                AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer " + user },
            }),
            new McpClientOptions { ProtocolVersion = version });

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string user, string? body, params (string Name, string Value)[] headers)
    {
        using var request = Request(method, user, body, headers);
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public HttpRequestMessage Request(HttpMethod method, string user, string? body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, Endpoint);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + user);
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        return request;
    }

    public Task<HttpResponseMessage> PostAsync(string body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, "ana", body, headers);

    /// <summary>Opens a session by hand and returns its id.</summary>
    public async Task<string> InitializeAsync(string user)
    {
        using var response = await SendAsync(HttpMethod.Post, user, Initialize);
        response.EnsureSuccessStatusCode();
        var id = response.Headers.GetValues("Mcp-Session-Id").Single();
        await IdleAsync(id);
        return id;
    }

    /// <summary>Waits until the host, too, is done with the session's last request: a client has its answer a moment earlier.</summary>
    public async Task IdleAsync(string id)
    {
        while (Sessions.List().Any(s => s.Id == id && s.ActiveRequests > 0))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    public const string Initialize =
        """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    public static async Task<JsonNode> ErrorOfAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        Sessions.Dispose();
    }
}
