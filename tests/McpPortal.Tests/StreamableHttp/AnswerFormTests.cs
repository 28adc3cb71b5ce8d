using System.Text;
using System.Text.Json.Nodes;
using McpPortal.StreamableHttp;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.StreamableHttp;

/// <summary>An answer alone is JSON in one piece; what is said before it makes a stream of both.</summary>
public sealed class AnswerFormTests
{
    private const string Older = "2025-11-25";
    private const string Newer = "2026-07-28";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task An_answer_alone_is_JSON_with_its_length(string version)
    {
        var (type, length, text) = await CallAsync(version, Server(), "say");

        Assert.Equal("application/json", type);
        Assert.Equal(Encoding.UTF8.GetByteCount(text), length);
        var answer = JsonNode.Parse(text)!;
        Assert.Equal(7, (int)answer["id"]!);
        Assert.Equal("two\nlines\n\ndata: é", (string)answer["result"]!["content"]![0]!["text"]!);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task A_long_answer_alone_arrives_whole(string version)
    {
        var (type, length, text) = await CallAsync(version, Server(), "much");

        Assert.Equal("application/json", type);
        Assert.Equal(Encoding.UTF8.GetByteCount(text), length);
        Assert.Equal(new string('x', 300_000), (string)JsonNode.Parse(text)!["result"]!["content"]![0]!["text"]!);
    }

    [Theory]
    [InlineData(Older)]
    [InlineData(Newer)]
    public async Task What_is_said_before_an_answer_makes_a_stream_of_both(string version)
    {
        var (type, length, text) = await CallAsync(version, Server(), "count");

        Assert.Equal("text/event-stream", type);
        var said = text.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line[6..])!).ToList();
        Assert.Equal(2, said.Count);
        Assert.Equal("notifications/progress", (string)said[0]["method"]!);
        Assert.Equal(7, (int)said[1]["id"]!);
    }

    [Fact]
    public async Task A_response_begins_though_its_answer_is_long_in_coming()
    {
        var time = new ManualTime();
        using var begun = new SemaphoreSlim(0);
        var goOn = new TaskCompletionSource();
        async Task<string> Wait()
        {
            begun.Release();
            await goOn.Task;
            return "at last";
        }

        await using var host = await McpTestHost.StartAsync(_ => new McpServerOptions { ToolCollection = [McpServerTool.Create(Wait, new() { Name = "wait" })] }, time: time);
        var session = await host.InitializeAsync("ana");
        var asking = host.PostAsync("""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"wait","arguments":{}}}""", ("Mcp-Session-Id", session));
        Assert.True(await begun.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        await Task.Delay(100, Cancel);
        Assert.False(asking.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(6));
        using var response = await asking.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        goOn.SetResult();
        Assert.Contains("data: {\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"at last\"", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_was_taken_is_not_said_to_be_of_an_unknown_session()
    {
        using var begun = new SemaphoreSlim(0);
        async Task<string> Wait(CancellationToken cancellationToken)
        {
            begun.Release();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return "";
        }

        await using var host = await McpTestHost.StartAsync(_ => new McpServerOptions { ToolCollection = [McpServerTool.Create(Wait, new() { Name = "wait" })] });
        var session = await host.InitializeAsync("ana");
        var asking = host.PostAsync("""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"wait","arguments":{}}}""", ("Mcp-Session-Id", session));
        Assert.True(await begun.WaitAsync(TimeSpan.FromSeconds(10), Cancel));

        using var deleted = await host.SendAsync(HttpMethod.Delete, "ana", null, ("Mcp-Session-Id", session));
        using var response = await asking.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task An_answer_that_can_be_asked_for_again_is_an_event()
    {
        var events = new DistributedCacheEventStreamStoreOptions { Cache = new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions())) };

        var (type, _, text) = await CallAsync(Older, Server(), "say", new DistributedCacheEventStreamStore(Options.Create(events)));

        Assert.Equal("text/event-stream", type);
        Assert.Contains("id: ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("event: message\ndata: {\"result\":{},\"id\":1}\n\n", "{\"result\":{},\"id\":1}")]
    [InlineData("data: {\"jsonrpc\":\"2.0\",\"id\":{\"method\":1},\"error\":{}}\n\n", "{\"jsonrpc\":\"2.0\",\"id\":{\"method\":1},\"error\":{}}")]
    [InlineData("event: message\ndata: {\"method\":\"x\",\"result\":{}}\n\n", null)]
    [InlineData("event: message\ndata: {\"jsonrpc\":\"2.0\"}\n\n", null)]
    [InlineData("event: message\ndata: {\"result\":\ndata: {}}\n\n", null)]
    [InlineData("event: message\ndata: {\"result\":{}}\n\nevent: message\ndata: {\"result\":{}}\n\n", null)]
    [InlineData("event: message\ndata: {\"result\":{}}\n", null)]
    [InlineData("event: message\ndata: []\n\n", null)]
    [InlineData("event: message\ndata: \n\n", null)]
    [InlineData(": {\"result\":{}}\n\n", null)]
    [InlineData("", null)]
    public void Only_one_whole_answer_is_one(string written, string? answer) =>
        Assert.Equal(answer, SseData.TryGetAnswer(Encoding.UTF8.GetBytes(written), out var found) ? Encoding.UTF8.GetString(found.Span) : null);

    private static McpServerOptions Server() => new()
    {
        ToolCollection =
        [
            McpServerTool.Create(() => "two\nlines\n\ndata: é", new() { Name = "say" }),
            McpServerTool.Create(() => new string('x', 300_000), new() { Name = "much" }),
            McpServerTool.Create(CountAsync, new() { Name = "count" }),
        ],
    };

    private static async Task<string> CountAsync(RequestContext<CallToolRequestParams> request)
    {
        await request.Server.NotifyProgressAsync(request.Params!.ProgressToken!.Value, new() { Progress = 1 }, cancellationToken: Cancel);
        return "done";
    }

    private static async Task<(string? Type, long? Length, string Text)> CallAsync(string version, McpServerOptions server, string tool, ISseEventStreamStore? events = null)
    {
        await using var host = await McpTestHost.StartAsync(_ => server, events: events);
        var meta = version == Newer
            ? $$""","_meta":{"progressToken":"p","io.modelcontextprotocol/protocolVersion":"{{Newer}}","io.modelcontextprotocol/clientCapabilities":{} }"""
            : ""","_meta":{"progressToken":"p"}""";
        var call = $$"""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"{{tool}}","arguments":{}{{meta}} } }""";
        using var response = await host.PostAsync(call, version == Newer
            ? [("MCP-Protocol-Version", Newer), ("Mcp-Method", "tools/call"), ("Mcp-Name", tool)]
            : [("MCP-Protocol-Version", Older), ("Mcp-Session-Id", await host.InitializeAsync("ana"))]);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        return (response.Content.Headers.ContentType?.MediaType, response.Content.Headers.ContentLength, text);
    }
}
