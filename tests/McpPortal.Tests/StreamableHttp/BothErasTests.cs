using System.ComponentModel;
using System.Security.Claims;
using McpPortal.StreamableHttp;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.StreamableHttp;

public sealed class BothErasTests
{
    public static TheoryData<string> Versions => ["2025-06-18", "2025-11-25", "2026-07-28"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_client_lists_and_calls_tools(string version)
    {
        await using var host = await McpTestHost.StartAsync(_ => McpTestHost.Server(Greet));
        await using var client = await host.ConnectAsync("ana", version);

        Assert.Equal(version, client.NegotiatedProtocolVersion);
        Assert.Equal("greet", Assert.Single(await client.ListToolsAsync(cancellationToken: Cancel)).Name);
        Assert.Equal("hello x", await TextAsync(client, "greet", ("name", "x")));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Each_user_meets_their_own_server_and_their_own_token(string version)
    {
        await using var host = await McpTestHost.StartAsync(c => c.User.Identity!.Name == "ana" ? McpTestHost.Server(WhoAmI, Greet) : McpTestHost.Server(WhoAmI));
        await using var ana = await host.ConnectAsync("ana", version);
        await using var ben = await host.ConnectAsync("ben", version);

        Assert.Equal(2, (await ana.ListToolsAsync(cancellationToken: Cancel)).Count);
        Assert.Single(await ben.ListToolsAsync(cancellationToken: Cancel));
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => TextAsync(i % 2 == 0 ? ana : ben, "who_am_i")));
        Assert.All(answers.Where((_, i) => i % 2 == 0), a => Assert.Equal("ana Bearer ana", a));
        Assert.All(answers.Where((_, i) => i % 2 == 1), a => Assert.Equal("ben Bearer ben", a));
    }

    [Fact]
    public async Task The_user_is_taken_from_each_request_of_a_session()
    {
        // The key stays the same while the token changes, as after a refresh.
        await using var host = await McpTestHost.StartAsync(_ => McpTestHost.Server(Token));
        var id = await host.InitializeAsync("ana");
        var call = """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"token","arguments":{}}}""";

        using var response = await host.PostAsync(call, ("Mcp-Session-Id", id), ("X-Nonce", "second"));

        Assert.Contains("second", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Progress_reaches_the_caller(string version)
    {
        // The client handles messages side by side: their order says nothing, and what comes with the answer it may drop.
        var progress = new Collect(3);
        async Task<string> Count(RequestContext<CallToolRequestParams> request)
        {
            for (var i = 1; i <= 3; i++)
            {
                await request.Server.NotifyProgressAsync(request.Params!.ProgressToken!.Value, new() { Progress = i, Total = 3 }, cancellationToken: Cancel);
            }

            await progress.Seen.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
            return "done";
        }

        await using var host = await McpTestHost.StartAsync(_ => new McpServerOptions { ToolCollection = [McpServerTool.Create(Count, new() { Name = "count" })] });
        await using var client = await host.ConnectAsync("ana", version);

        var result = await client.CallToolAsync("count", null, progress, cancellationToken: Cancel);

        Assert.NotEqual(true, result.IsError);
        Assert.Equal([1, 2, 3], (await progress.Seen).Order());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Cancelling_a_call_cancels_the_tool(string version)
    {
        var started = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        async Task<string> Wait(CancellationToken cancellationToken)
        {
            started.SetResult();
            await using var _ = cancellationToken.Register(cancelled.SetResult);
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return "never";
        }

        await using var host = await McpTestHost.StartAsync(_ => new McpServerOptions { ToolCollection = [McpServerTool.Create(Wait, new() { Name = "wait" })] });
        await using var client = await host.ConnectAsync("ana", version);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var call = client.CallToolAsync("wait", cancellationToken: stop.Token).AsTask();
        await started.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task An_error_with_its_own_http_status_is_a_typed_error_for_the_client(string version)
    {
        await using var host = await McpTestHost.StartAsync(_ => new McpServerOptions
        {
            Handlers = new() { CallToolHandler = (_, _) => throw new McpProtocolException("headers differ", McpErrorCode.HeaderMismatch) },
        });
        await using var client = await host.ConnectAsync("ana", version);

        var error = await Assert.ThrowsAsync<McpProtocolException>(() => client.CallToolAsync("any", cancellationToken: Cancel).AsTask());

        Assert.Equal(McpErrorCode.HeaderMismatch, error.ErrorCode);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_stateless_endpoint_serves_every_revision_without_sessions(string version)
    {
        await using var host = await McpTestHost.StartAsync(_ => McpTestHost.Server(WhoAmI), stateless: true);
        await using var client = await host.ConnectAsync("ana", version);

        Assert.Equal("ana Bearer ana", await TextAsync(client, "who_am_i"));

        Assert.Null(client.SessionId);
        Assert.Empty(host.Sessions.List());
        using var get = await host.SendAsync(HttpMethod.Get, "ana", null);
        Assert.Equal(System.Net.HttpStatusCode.MethodNotAllowed, get.StatusCode);
    }

    [Fact]
    public async Task Disposing_a_client_of_an_older_revision_deletes_its_session()
    {
        await using var host = await McpTestHost.StartAsync(_ => McpTestHost.Server(Greet));
        var client = await host.ConnectAsync("ana", "2025-11-25");
        Assert.Equal("ana", Assert.Single(host.Sessions.List()).UserKey);

        await client.DisposeAsync();

        Assert.Empty(host.Sessions.List());
    }

    [Fact]
    public async Task A_changed_tool_list_is_announced_on_the_standing_stream()
    {
        await using var host = await McpTestHost.StartAsync(_ => McpTestHost.Server(Greet));
        await using var client = await host.ConnectAsync("ana", "2025-11-25");
        var heard = new TaskCompletionSource();
        await using var _ = client.RegisterNotificationHandler(NotificationMethods.ToolListChangedNotification, (_, _) =>
        {
            heard.TrySetResult();
            return default;
        });

        while (!heard.Task.IsCompleted)
        {
            // The client opens its stream in the background; until then there is nobody to tell.
            await host.Sessions.NotifyAsync(NotificationMethods.ToolListChangedNotification, "ana", Cancel);
            await Task.WhenAny(heard.Task, Task.Delay(20, Cancel));
        }

        await heard.Task;
    }

    [McpServerTool(Name = "greet")]
    private static string Greet([Description("Whom")] string name) => "hello " + name;

    [McpServerTool(Name = "who_am_i")]
    private static string WhoAmI(RequestContext<CallToolRequestParams> request) => $"{request.User!.FindFirstValue(ClaimTypes.Name)} {request.Items["token"]}";

    [McpServerTool(Name = "token")]
    private static string Token(RequestContext<CallToolRequestParams> request) => $"{request.Items["nonce"]}";

    private static async Task<string> TextAsync(McpClient client, string tool, params (string, object?)[] arguments)
    {
        var result = await client.CallToolAsync(tool, arguments.ToDictionary(a => a.Item1, a => a.Item2), cancellationToken: Cancel);
        return ((TextContentBlock)result.Content.Single()).Text;
    }

    /// <summary>Unlike <see cref="Progress{T}"/> it takes a report before the reporter goes on.</summary>
    private sealed class Collect(int expected) : IProgress<ProgressNotificationValue>
    {
        private readonly List<float> _values = [];
        private readonly TaskCompletionSource<float[]> _seen = new();

        public Task<float[]> Seen => _seen.Task;

        public void Report(ProgressNotificationValue value)
        {
            lock (_values)
            {
                _values.Add(value.Progress);
                if (_values.Count == expected)
                {
                    _seen.SetResult([.. _values]);
                }
            }
        }
    }
}
