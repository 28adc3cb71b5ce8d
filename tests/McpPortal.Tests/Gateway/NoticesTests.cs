using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using McpPortal.Gateway;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Gateway;

/// <summary>What waits for a client that does not read.</summary>
public sealed class NoticesTests
{
    private readonly ConcurrentQueue<string> _sent = new();
    private readonly TaskCompletionSource _reads = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Notices _notices;

    public NoticesTests() => _notices = new Notices(
        async (message, _) =>
        {
            await _reads.Task;
            _sent.Enqueue(((JsonRpcNotification)message).Method);
        },
        TestContext.Current.CancellationToken);

    [Fact]
    public async Task MCP_15_A_flood_of_the_same_news_is_told_twice_at_most()
    {
        for (var i = 0; i < 10_000; i++)
        {
            _notices.Send("tools", [], once: "tools");
            _notices.Send("prompts", [], once: "prompts");
        }

        _reads.SetResult();
        await _notices.Sent;

        // The first was on its way already when the second came.
        Assert.Equal(["prompts", "tools", "tools"], _sent.Order(StringComparer.Ordinal));
        _notices.Send("tools", [], once: "tools");
        await _notices.Sent;
        Assert.Equal(4, _sent.Count);
    }

    [Fact]
    public async Task MCP_15_A_flood_of_progress_fills_no_memory_and_keeps_its_order()
    {
        for (var i = 0; i < 10_000; i++)
        {
            _notices.Send($"{i:00000}", new JsonObject { ["progress"] = i });
        }

        _notices.Send("tools", [], once: "tools");
        _reads.SetResult();
        await _notices.Sent;

        Assert.InRange(_sent.Count, 1001, 1002);
        Assert.Equal(_sent.Order(StringComparer.Ordinal), _sent);
        Assert.Equal("tools", _sent.Last());
    }
}
