using System.Net;
using McpPortal.StreamableHttp;

namespace McpPortal.Tests.StreamableHttp;

public sealed class SessionTests
{
    private const string ListTools = """{"jsonrpc":"2.0","id":"a1","method":"tools/list","params":{}}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_of_another_user_is_not_found_and_stays_alive()
    {
        await using var host = await StartAsync();
        var id = await host.InitializeAsync("ana");

        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Get, HttpMethod.Delete })
        {
            using var foreign = await host.SendAsync(method, "ben", method == HttpMethod.Post ? ListTools : null, ("Mcp-Session-Id", id));
            Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
            Assert.Equal(-32001, (int)(await McpTestHost.ErrorOfAsync(foreign))["error"]!["code"]!);
        }

        using var own = await host.PostAsync(ListTools, ("Mcp-Session-Id", id));
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task A_foreign_session_and_an_unknown_one_answer_alike()
    {
        await using var host = await StartAsync();
        var id = await host.InitializeAsync("ana");

        using var foreign = await host.SendAsync(HttpMethod.Post, "ben", ListTools, ("Mcp-Session-Id", id));
        using var unknown = await host.SendAsync(HttpMethod.Post, "ben", ListTools, ("Mcp-Session-Id", "nobodys"));

        Assert.Equal(await unknown.Content.ReadAsStringAsync(Cancel), await foreign.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Delete_ends_a_session()
    {
        await using var host = await StartAsync();
        var id = await host.InitializeAsync("ana");

        using var deleted = await host.SendAsync(HttpMethod.Delete, "ana", null, ("Mcp-Session-Id", id));
        using var after = await host.PostAsync(ListTools, ("Mcp-Session-Id", id));

        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
        Assert.Equal("a1", (string?)(await McpTestHost.ErrorOfAsync(after))["id"]);
    }

    [Fact]
    public async Task Only_initialize_begins_a_session()
    {
        await using var host = await StartAsync();

        using var response = await host.PostAsync(ListTools);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Empty(host.Sessions.List());
    }

    [Theory]
    [InlineData("2025-03-26")]
    [InlineData("2025-06-18")]
    public async Task A_session_keeps_the_revision_it_began_with(string named)
    {
        await using var host = await StartAsync();
        var id = await host.InitializeAsync("ana");

        using var response = await host.PostAsync(ListTools, ("Mcp-Session-Id", id), ("MCP-Protocol-Version", named));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("\"nothing\"", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idle_session_is_swept_and_a_streaming_one_is_not()
    {
        var time = new ManualTime();
        await using var host = await StartAsync(new McpSessionLimits { IdleTimeout = TimeSpan.FromMinutes(10) }, time);
        var idle = await host.InitializeAsync("ana");
        var streaming = await host.InitializeAsync("ana");
        using var stream = await host.SendAsync(HttpMethod.Get, "ana", null, ("Mcp-Session-Id", streaming));
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);

        time.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal(streaming, Assert.Single(host.Sessions.List()).Id);
        using var response = await host.PostAsync(ListTools, ("Mcp-Session-Id", idle));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_second_standing_stream_is_refused()
    {
        await using var host = await StartAsync();
        var id = await host.InitializeAsync("ana");
        using var first = await host.SendAsync(HttpMethod.Get, "ana", null, ("Mcp-Session-Id", id));

        using var second = await host.SendAsync(HttpMethod.Get, "ana", null, ("Mcp-Session-Id", id));

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal("no", first.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
    }

    [Fact]
    public async Task The_session_unused_longest_makes_room_within_a_users_limit()
    {
        var time = new ManualTime();
        await using var host = await StartAsync(new McpSessionLimits { MaxSessionsPerUser = 2 }, time);
        var first = await host.InitializeAsync("ana");
        time.Advance(TimeSpan.FromSeconds(1));
        var second = await host.InitializeAsync("ana");
        time.Advance(TimeSpan.FromSeconds(1));
        var bens = await host.InitializeAsync("ben");

        var third = await host.InitializeAsync("ana");

        Assert.Equal(new[] { second, third, bens }.Order(StringComparer.Ordinal), host.Sessions.List().Select(s => s.Id).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(first, host.Sessions.List().Select(s => s.Id));
    }

    [Fact]
    public async Task Sessions_in_use_are_not_taken_from_their_user()
    {
        await using var host = await StartAsync(new McpSessionLimits { MaxSessionsPerUser = 1 });
        var id = await host.InitializeAsync("ana");
        using var stream = await host.SendAsync(HttpMethod.Get, "ana", null, ("Mcp-Session-Id", id));

        using var refused = await host.PostAsync(McpTestHost.Initialize);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
    }

    [Fact]
    public async Task A_full_table_refuses_with_503()
    {
        await using var host = await StartAsync(new McpSessionLimits { MaxSessions = 1 });
        await host.InitializeAsync("ana");

        using var refused = await host.SendAsync(HttpMethod.Post, "ben", McpTestHost.Initialize);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    [Fact]
    public async Task Stopping_the_host_ends_open_streams()
    {
        await using var host = await StartAsync();
        var id = await host.InitializeAsync("ana");
        using var stream = await host.SendAsync(HttpMethod.Get, "ana", null, ("Mcp-Session-Id", id));
        var reading = stream.Content.ReadAsStringAsync(Cancel);

        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(5), Cancel);

        Assert.Equal("", await reading);
    }

    [Fact]
    public async Task Closing_a_session_ends_its_streams_only()
    {
        await using var host = await StartAsync();
        var id = await host.InitializeAsync("ana");
        var bens = await host.InitializeAsync("ben");
        using var stream = await host.SendAsync(HttpMethod.Get, "ana", null, ("Mcp-Session-Id", id));

        Assert.True(await host.Sessions.CloseAsync(id));

        await stream.Content.ReadAsStringAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(5), Cancel);
        Assert.Equal(bens, Assert.Single(host.Sessions.List()).Id);
    }

    [Fact]
    public async Task A_session_that_may_not_begin_is_answered_with_the_reason_and_is_none()
    {
        McpSessionStart? asked = null;
        await using var host = await StartAsync(begins: start =>
        {
            asked = start;
            return new McpSessionRefusal(429, "Not now.");
        });

        using var refused = await host.PostAsync(McpTestHost.Initialize);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        var error = await McpTestHost.ErrorOfAsync(refused);
        Assert.Equal((1, "Not now."), ((int)error["id"]!, (string)error["error"]!["message"]!));
        Assert.False(refused.Headers.Contains("Mcp-Session-Id"));
        Assert.Empty(host.Sessions.List());
        Assert.Equal(("t", "1", "2025-11-25"), (asked!.ClientName, asked.ClientVersion, asked.ProtocolVersion));
    }

    [Fact]
    public async Task A_session_that_is_not_open_elsewhere_is_not_found()
    {
        var open = true;
        await using var host = await StartAsync(isOpen: _ => open);
        var id = await host.InitializeAsync("ana");
        using var before = await host.PostAsync(ListTools, ("Mcp-Session-Id", id));
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);

        open = false;

        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Get })
        {
            using var after = await host.SendAsync(method, "ana", method == HttpMethod.Post ? ListTools : null, ("Mcp-Session-Id", id));
            Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
        }
    }

    [Fact]
    public async Task Each_end_is_told_once_and_with_its_reason()
    {
        var time = new ManualTime();
        var ends = new System.Collections.Concurrent.ConcurrentDictionary<string, McpSessionEnd>(StringComparer.Ordinal);
        await using var host = await StartAsync(new McpSessionLimits { IdleTimeout = TimeSpan.FromMinutes(10), MaxSessionsPerUser = 1 }, time, ended: (id, end) => Assert.True(ends.TryAdd(id, end)));
        var first = await host.InitializeAsync("ana");
        var deleted = await host.InitializeAsync("ben");
        var closed = await host.InitializeAsync("cara");
        var idle = await host.InitializeAsync("dora");

        var second = await host.InitializeAsync("ana");
        using var answer = await host.SendAsync(HttpMethod.Delete, "ben", null, ("Mcp-Session-Id", deleted));
        await host.Sessions.CloseAsync(closed);
        await host.Sessions.CloseAsync(closed);
        time.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal((McpSessionEnd.MadeRoom, McpSessionEnd.Client, McpSessionEnd.Closed, McpSessionEnd.Idle, McpSessionEnd.Idle), (ends[first], ends[deleted], ends[closed], ends[idle], ends[second]));
    }

    private static Task<McpTestHost> StartAsync(
        McpSessionLimits? limits = null, TimeProvider? time = null, Func<McpSessionStart, McpSessionRefusal?>? begins = null, Func<string, bool>? isOpen = null, Action<string, McpSessionEnd>? ended = null) =>
        McpTestHost.StartAsync(_ => McpTestHost.Server([ModelContextProtocol.Server.McpServerTool(Name = "nothing")] () => "ok"), limits, time, begins: begins, isOpen: isOpen, ended: ended);
}
