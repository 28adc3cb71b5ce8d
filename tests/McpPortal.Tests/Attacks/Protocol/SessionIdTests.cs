using System.Net;
using System.Text;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Protocol;

/// <summary>The id of a session: nobody guesses it, and it outlives neither its session nor its node.</summary>
public sealed class SessionIdTests(PostgresCluster cluster)
{
    private static readonly HttpMethod[] Methods = [HttpMethod.Post, HttpMethod.Get, HttpMethod.Delete];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MCP_3_A_guessed_id_is_no_session()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster, ("Gateway:MaxSessionsPerUser", "100"));
        var ids = new List<string>();
        for (var i = 0; i < 50; i++)
        {
            ids.Add(await rig.BeginAsync());
        }

        // 22 characters of base64url are 128 bits and a little.
        Assert.Equal(50, ids.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(ids, id => Assert.Matches("^[A-Za-z0-9_-]{22}$", id));

        var own = ids[0];
        string[] guesses = [own[..^1], own + "A", own[..^1] + (own[^1] == 'A' ? 'Q' : 'A'), $"{own},{own}", $"{own};", $"\"{own}\"", "../" + own, "null", "0", new('A', 22), new('x', 4000)];
        foreach (var guess in guesses)
        {
            foreach (var method in Methods)
            {
                Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(rig, method, rig.Gateway.Address("/mcp"), guess)).Status);
            }
        }

        // Two headers are two sessions, whichever of them is real; and a session belongs to its endpoint.
        Assert.Equal(HttpStatusCode.NotFound, (await rig.PostAsync(ProtocolRig.List, ("Mcp-Session-Id", own), ("Mcp-Session-Id", ids[1]))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(rig, HttpMethod.Post, rig.Gateway.Address("/mcp/who"), own)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(rig, HttpMethod.Post, rig.Gateway.Address("/mcp"), own)).Status);
        Assert.Equal(50, rig.Sessions.Count);
    }

    [Fact]
    public async Task MCP_3_A_session_ends_with_the_key_that_is_revoked_also_for_other_keys_of_its_owner()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster);
        var revoked = (string)(await rig.Gateway.Calls.SqlAsync($"select id from access_keys where user_id = '{rig.Ana}'"))!;
        var other = await rig.Gateway.KeyAsync(rig.Ana);
        var session = "";

        // A new key, too, is news of its owner's keys, upon which clients begin anew.
        await CallRig.UntilAsync(
            async () =>
            {
                session = await rig.BeginAsync();
                return (await AskAsync(rig, HttpMethod.Post, rig.Gateway.Address("/mcp"), session, other)).Status == HttpStatusCode.OK;
            },
            "The other key does not open the session.");

        Assert.True(await rig.Gateway.Calls.Get<AccessKeys>().RevokeAsync(rig.Ana, revoked, Actor.Page(rig.Ana), Stop));

        await CallRig.UntilAsync(async () => (await AskAsync(rig, HttpMethod.Post, rig.Gateway.Address("/mcp"), session, other)).Status == HttpStatusCode.NotFound, "The session lives on.", seconds: 2);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(rig, HttpMethod.Post, rig.Gateway.Address("/mcp"), session)).Status);
        await CallRig.UntilAsync(() => Task.FromResult(rig.Sessions.Count == 0), "A session is left.");
    }

    [Fact]
    public async Task MCP_3_A_session_is_of_its_node_and_ends_with_it()
    {
        await using var rig = await ProtocolRig.StartAsync(cluster);
        var portal = rig.Gateway.Calls.Portal;
        var port = Ports.Free();
        var here = await rig.BeginAsync();
        string there;
        await using (var two = await portal.AnotherNodeAsync(portal.Database, rig.Gateway.Calls.Sandbox.Address, port))
        {
            var address = new Uri(two.Address + "/mcp");
            foreach (var method in Methods)
            {
                Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(rig, method, address, here)).Status);
            }

            there = (await rig.SendAsync(HttpMethod.Post, address, Encoding.UTF8.GetBytes(ProtocolRig.Initialize))).Session!;
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(rig, HttpMethod.Post, address, there)).Status);
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(rig, HttpMethod.Post, rig.Gateway.Address("/mcp"), here)).Status);
        }

        await using var again = await portal.AnotherNodeAsync(portal.Database, rig.Gateway.Calls.Sandbox.Address, port);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(rig, HttpMethod.Post, new Uri(again.Address + "/mcp"), there)).Status);
    }

    private static Task<ProtocolRig.Answer> AskAsync(ProtocolRig rig, HttpMethod method, Uri address, string session, string? key = null) => rig.SendAsync(
        method, address, method == HttpMethod.Post ? Encoding.UTF8.GetBytes(ProtocolRig.List) : null, ("Mcp-Session-Id", session), ("Authorization", $"Bearer {key ?? rig.Key}"));
}
