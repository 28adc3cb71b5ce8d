using System.Text.Json.Nodes;
using McpPortal.StreamableHttp;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.StreamableHttp;

/// <summary>Requests that are answered as they arrive (<see cref="McpAnswer"/>), and what is left to the SDK's server.</summary>
public sealed class AnsweredOnArrivalTests
{
    private const string Older = "2025-11-25";
    private const string Newer = "2026-07-28";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task A_request_is_answered_and_what_is_not_reaches_the_server(string version)
    {
        var made = 0;
        await using var host = await StartAsync((request, _) => Answer(request.Message.Method == "ours/say" ? Said(request, "ours") : null), () => Interlocked.Increment(ref made));
        var session = await BeginAsync(host, version);
        var before = made;

        var (type, ours) = await AskAsync(host, version, session, "ours/say");
        Assert.Equal(("application/json", "ours"), (type, (string?)ours["result"]!["text"]));
        Assert.Equal(before, made);

        var (_, theirs) = await AskAsync(host, version, session, "tools/list");
        Assert.Equal("say", (string?)theirs["result"]!["tools"]![0]!["name"]);
        Assert.Equal(version == Newer ? before + 1 : before, made);
    }

    [Theory]
    [InlineData(Older, 200)]
    [InlineData(Newer, 404)]
    public async Task An_error_has_its_own_status_where_the_revision_asks_for_one(string version, int status)
    {
        await using var host = await StartAsync((request, _) => Answer(new JsonRpcError { Id = request.Message.Id, Error = new() { Code = (int)McpErrorCode.MethodNotFound, Message = "No." } }));
        using var response = await SendAsync(host, version, await BeginAsync(host, version), "ours/say");

        Assert.Equal((status, "application/json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal("No.", (string?)(await ReadAsync(response))["error"]!["message"]);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task What_is_said_before_the_answer_comes_before_it_and_nothing_after_it(string version)
    {
        McpRequest? kept = null;
        await using var host = await StartAsync(async (request, stop) =>
        {
            if (request.Message.Method != "ours/say")
            {
                return null;
            }

            kept = request;
            await Task.WhenAll(Enumerable.Range(0, 20).Select(n => request.SendAsync(Progress(n), stop)));
            return Said(request, "done");
        });
        using var response = await SendAsync(host, version, await BeginAsync(host, version), "ours/say");

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var said = Events(await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(Enumerable.Range(0, 20), said.SkipLast(1).Select(one => (int)one["params"]!["progress"]!).Order());
        Assert.Equal("done", (string?)said[^1]["result"]!["text"]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => kept!.SendAsync(Progress(21), Cancel));
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task An_error_after_something_was_said_is_the_last_event(string version)
    {
        await using var host = await StartAsync(async (request, stop) =>
        {
            await request.SendAsync(Progress(1), stop);
            return new JsonRpcError { Id = request.Message.Id, Error = new() { Code = (int)McpErrorCode.MethodNotFound, Message = "No." } };
        });
        using var response = await SendAsync(host, version, await BeginAsync(host, version), "ours/say");

        Assert.Equal((200, "text/event-stream"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal("No.", (string?)Events(await response.Content.ReadAsStringAsync(Cancel))[^1]["error"]!["message"]);
    }

    [Fact]
    public async Task A_client_of_a_session_is_asked_on_the_stream_of_its_request()
    {
        await using var host = await StartAsync(async (request, stop) => request.Message.Method != RequestMethods.ToolsCall ? null
            : new JsonRpcResponse { Id = request.Message.Id, Result = Content((string)(await request.AskAsync(RequestMethods.RootsList, new JsonObject(), stop))!["roots"]![0]!["uri"]!) });
        await using var client = await McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions { Endpoint = host.Endpoint, TransportMode = HttpTransportMode.StreamableHttp, AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer ana" } }),
            new McpClientOptions { ProtocolVersion = Older, Handlers = new() { RootsHandler = (_, _) => ValueTask.FromResult(new ListRootsResult { Roots = [new Root { Uri = "file:///of-the-client" }] }) } },
            cancellationToken: Cancel);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.CallToolAsync("say", cancellationToken: Cancel).AsTask()));

        Assert.All(answers, answer => Assert.Equal("file:///of-the-client", Assert.IsType<TextContentBlock>(Assert.Single(answer.Content)).Text));
    }

    [Fact]
    public async Task A_request_that_stands_alone_cannot_be_asked_back()
    {
        await using var host = await StartAsync(async (request, stop) =>
            Said(request, (await Record.ExceptionAsync(() => request.AskAsync(RequestMethods.RootsList, null, stop)))?.GetType().Name ?? "asked"));
        var (_, answer) = await AskAsync(host, Newer, null, "ours/say");

        Assert.Equal(nameof(InvalidOperationException), (string?)answer["result"]!["text"]);
    }

    [Theory]
    [InlineData("7", "7", true)]
    [InlineData("\"7\"", "\"7\"", true)]
    [InlineData("7", "\"7\"", false)]
    [InlineData("7", "8", false)]
    [InlineData("7", "{\"a\":7}", false)]
    [InlineData("7", "null", false)]
    [InlineData("7", "7.5", false)]
    public async Task A_session_can_cancel_its_own_request_and_no_other(string id, string cancelled, bool ends)
    {
        using var begun = new SemaphoreSlim(0);
        var goOn = new TaskCompletionSource();
        await using var host = await StartAsync(async (request, stop) =>
        {
            begun.Release();
            await goOn.Task.WaitAsync(stop);
            return Said(request, "in the end");
        });
        var (mine, other) = (await BeginAsync(host, Older), await host.InitializeAsync("ben"));
        var asking = SendAsync(host, Older, mine, "ours/say", id);
        Assert.True(await begun.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        using var others = await host.SendAsync(HttpMethod.Post, "ben", Unwanted(id), ("Mcp-Session-Id", other));
        using var own = await host.PostAsync(Unwanted(cancelled), ("Mcp-Session-Id", mine!));
        Assert.Equal((202, 202), ((int)others.StatusCode, (int)own.StatusCode));
        if (!ends)
        {
            await Task.Delay(100, Cancel);
            goOn.SetResult();
        }

        using var response = await asking.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(ends ? "" : "in the end", ends ? text : (string?)JsonNode.Parse(text)!["result"]!["text"]);
        await host.IdleAsync(mine!);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task Whoever_leaves_ends_what_was_asked(string version)
    {
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = await StartAsync(async (request, stop) =>
        {
            stop.Register(ended.SetResult);
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, stop);
            return null;
        });
        var session = await BeginAsync(host, version);
        using var leaving = new CancellationTokenSource();
        using var request = Request(host, version, session, "ours/say");
        var asking = host.Http.SendAsync(request, leaving.Token);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        await leaving.CancelAsync();

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task The_end_of_a_session_ends_what_was_asked_and_what_was_taken_is_not_said_to_be_unknown()
    {
        var begun = new TaskCompletionSource();
        await using var host = await StartAsync(async (_, stop) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, stop);
            return null;
        });
        var session = await BeginAsync(host, Older);
        var asking = SendAsync(host, Older, session, "ours/say");
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        using var deleted = await host.SendAsync(HttpMethod.Delete, "ana", null, ("Mcp-Session-Id", session!));
        using var response = await asking.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.Equal((200, ""), ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancel)));
    }

    private static Task<McpTestHost> StartAsync(McpAnswer answer, Action? made = null) => McpTestHost.StartAsync(
        _ =>
        {
            made?.Invoke();
            return McpTestHost.Server(Say);
        },
        answer: answer);

    private static string Say() => "theirs";

    private static Task<JsonRpcMessageWithId?> Answer(JsonRpcMessageWithId? said) => Task.FromResult(said);

    private static JsonRpcResponse Said(McpRequest request, string text) => new JsonRpcResponse { Id = request.Message.Id, Result = new JsonObject { ["text"] = text } };

    private static JsonObject Content(string text) => new() { ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }) };

    private static JsonRpcNotification Progress(int progress) => new() { Method = NotificationMethods.ProgressNotification, Params = new JsonObject { ["progressToken"] = "p", ["progress"] = progress } };

    private static string Unwanted(string id) => $$$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{{{id}}}}}""";

    private static async Task<string?> BeginAsync(McpTestHost host, string version) => version == Older ? await host.InitializeAsync("ana") : null;

    private static async Task<(string? Type, JsonNode Answer)> AskAsync(McpTestHost host, string version, string? session, string method)
    {
        using var response = await SendAsync(host, version, session, method);
        return (response.Content.Headers.ContentType?.MediaType, await ReadAsync(response));
    }

    private static async Task<HttpResponseMessage> SendAsync(McpTestHost host, string version, string? session, string method, string id = "7")
    {
        using var request = Request(host, version, session, method, id);
        return await host.Http.SendAsync(request, Cancel);
    }

    private static HttpRequestMessage Request(McpTestHost host, string version, string? session, string method, string id = "7")
    {
        var meta = version == Newer ? $$"""{"_meta":{"io.modelcontextprotocol/protocolVersion":"{{Newer}}","io.modelcontextprotocol/clientCapabilities":{} } }""" : "{}";
        return host.Request(HttpMethod.Post, "ana", $$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{meta}} }""", version == Newer
            ? [("MCP-Protocol-Version", Newer), ("Mcp-Method", method)]
            : [("MCP-Protocol-Version", Older), ("Mcp-Session-Id", session!)]);
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        return JsonNode.Parse(response.Content.Headers.ContentType?.MediaType == "application/json" ? text : text.Split("data: ")[^1])!;
    }

    private static List<JsonNode> Events(string text) => [.. text.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line[6..])!)];
}
