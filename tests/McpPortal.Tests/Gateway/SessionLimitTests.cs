using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Data;
using McpPortal.Gateway;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Gateway;

/// <summary>At most so many sessions of one user, on all nodes together.</summary>
public sealed class SessionLimitTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_more_ends_the_one_unused_longest_on_whichever_node_it_is()
    {
        await using var rig = await SessionRig.StartAsync(cluster, ("Gateway:MaxSessionsPerUser", "2"));
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var (_, bens, _) = await rig.Gateway.PersonAsync("ben");
        var first = await rig.BeginAsync(rig.One, key);
        var second = await rig.BeginAsync(rig.Two, key);
        var other = await rig.BeginAsync(rig.One, bens);

        var third = await rig.BeginAsync(rig.Two, key);

        await Calls.CallRig.UntilAsync(async () => await first.PingAsync(Stop) == HttpStatusCode.NotFound, "The first session lives on.", seconds: 2);
        foreach (var kept in (SessionClient[])[second, third, other])
        {
            Assert.Equal(HttpStatusCode.OK, await kept.PingAsync(Stop));
        }

        var rows = await rig.RowsAsync(ana);
        Assert.Equal([SessionEnd.MadeRoom, null, null], rows.Select(row => row.EndReason));
        Assert.Null(rows[0].EndedBy);
    }

    [Fact]
    public async Task A_session_in_use_makes_no_room_on_whichever_node_it_is()
    {
        await using var rig = await SessionRig.StartAsync(cluster, ("Gateway:MaxSessionsPerUser", "2"));
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var first = await rig.BeginAsync(rig.One, key);
        var second = await rig.BeginAsync(rig.One, key);
        var stream = await first.StreamAsync(Stop);
        await rig.UntilAsync(ana, rows => rows[0].InUse, "The registry does not hear of the stream.");

        var third = await rig.BeginAsync(rig.Two, key);

        await Calls.CallRig.UntilAsync(async () => await second.PingAsync(Stop) == HttpStatusCode.NotFound, "The idle session lives on.", seconds: 2);
        var streams = await third.StreamAsync(Stop);
        await rig.UntilAsync(ana, rows => rows[2].InUse, "The registry does not hear of the other stream.");
        foreach (var node in (McpPortal.Tests.Accounts.PortalHost[])[rig.One, rig.Two])
        {
            await AssertRefusedAsync(rig.At(node, key), "2 sessions open", "all of them are in use", "/sessions");
        }

        Assert.False(stream.IsCompleted || streams.IsCompleted);
        Assert.Equal([null, SessionEnd.MadeRoom, null], (await rig.RowsAsync(ana)).Select(row => row.EndReason));
        Assert.Single(rig.One.Services.GetRequiredService<GatewaySessions>().Table.List());
    }

    [Fact]
    public async Task Where_it_is_set_so_one_more_is_refused_and_nothing_ends()
    {
        await using var rig = await SessionRig.StartAsync(cluster, ("MCP_MAX_CONNECTIONS_PER_USER", "2"), ("Gateway:AtMaximumSessions", "refuse"));
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var (_, bens, _) = await rig.Gateway.PersonAsync("ben");
        var first = await rig.BeginAsync(rig.One, key);
        var second = await rig.BeginAsync(rig.Two, key);

        await AssertRefusedAsync(rig.At(rig.One, key), "2 sessions open", "2 may be open at once", "http://localhost:5080/sessions");
        await AssertRefusedAsync(rig.At(rig.Two, key, "/mcp/who"), "2 may be open at once");

        Assert.All(await rig.RowsAsync(ana), row => Assert.Null(row.EndedAt));
        await rig.BeginAsync(rig.One, bens);

        // A place that is given back, or lost, is free at once.
        Assert.Equal(HttpStatusCode.OK, await first.DeleteAsync(Stop));
        await rig.BeginAsync(rig.Two, key);
        await AssertRefusedAsync(rig.At(rig.One, key), "2 may be open at once");
        Assert.Equal(HttpStatusCode.OK, await second.PingAsync(Stop));
    }

    [Theory]
    [InlineData("EndOldestIdle")]
    [InlineData("Refuse")]
    public async Task Sessions_that_begin_at_the_same_moment_do_not_take_one_place_twice(string atMaximum)
    {
        await using var rig = await SessionRig.StartAsync(cluster, ("Gateway:MaxSessionsPerUser", "3"), ("Gateway:AtMaximumSessions", atMaximum));
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");

        var begun = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => rig.At(i % 2 == 0 ? rig.One : rig.Two, key).TryBeginAsync(Stop)));

        // One that made room on the other node before its answer was sent is not found by then.
        Assert.All(begun, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests or HttpStatusCode.NotFound, answer.Body));
        var open = (await rig.RowsAsync(ana)).Count(row => row.EndedAt is null);
        Assert.InRange(open, 1, 3);
        if (atMaximum == "Refuse")
        {
            Assert.Equal(3, begun.Count(answer => answer.Status == HttpStatusCode.OK));
        }

        // What the registry ended, the nodes end too.
        await Calls.CallRig.UntilAsync(
            () => Task.FromResult(((McpPortal.Tests.Accounts.PortalHost[])[rig.One, rig.Two]).Sum(node => node.Services.GetRequiredService<GatewaySessions>().Table.List().Count) == open), "More sessions live than are entered.", seconds: 4);
    }

    private static async Task AssertRefusedAsync(SessionClient client, params string[] words)
    {
        var (status, body) = await client.TryBeginAsync(Stop);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        var error = JsonNode.Parse(body)!;
        Assert.Equal((1, -32000), ((int)error["id"]!, (int)error["error"]!["code"]!));
        Assert.All(words, word => Assert.Contains(word, (string)error["error"]!["message"]!, StringComparison.Ordinal));
    }
}
