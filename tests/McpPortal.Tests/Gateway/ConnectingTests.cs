using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Attacks.Authorization;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Gateway;

/// <summary>A call that lacks a credential sends its user to the page that takes it, and goes on once it is there.</summary>
public sealed class ConnectingTests(PostgresCluster cluster)
{
    private const string Own = "io.mcpportal/connect";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_of_an_older_revision_is_sent_there_and_its_call_goes_on()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        await rig.PersonAsync("ana");
        var ben = await rig.Calls.AddUserAsync("ben");
        string? address = null;
        var handlers = new McpClientHandlers
        {
            ElicitationHandler = (asked, stop) =>
            {
                Assert.Equal("url", asked!.Mode);
                address = asked.Url;
                _ = Task.Run(() => GiveAsync(rig, ben, "secret-of-ben"), stop);
                return ValueTask.FromResult(new ElicitResult { Action = "accept" });
            },
        };
        var capabilities = new ClientCapabilities { Elicitation = new ElicitationCapability { Url = new UrlElicitationCapability() } };
        await using var client = await rig.ConnectAsync("/mcp/who", await rig.KeyAsync(ben), "2025-11-25", handlers, capabilities);

        var result = await client.CallToolAsync("whoami", cancellationToken: Stop);

        Assert.Equal(CallRig.Hash("secret-of-ben"), result.StructuredContent!.Value.GetProperty("sha256").GetString());
        Assert.StartsWith("http://localhost:5080/continue/who/", address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_of_the_newest_revision_asks_again_and_may_decline()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        await rig.PersonAsync("ana");
        var ben = await rig.Calls.AddUserAsync("ben");
        var client = new RawClient(rig.Http, rig.Address("/mcp"), await rig.KeyAsync(ben));

        var asked = (await client.AskAsync("tools/call", Call(), Stop))[^1]["result"]!;
        Assert.Equal("input_required", (string?)asked["resultType"]);
        Assert.Equal("url", (string?)asked["inputRequests"]![Own]!["params"]!["mode"]);

        var declined = (await client.AskAsync("tools/call", Call("decline"), Stop))[^1]["result"]!;
        Assert.True((bool)declined["isError"]!);
        Assert.Contains("/continue/who/", (string)declined["content"]![0]!["text"]!, StringComparison.Ordinal);

        var going = client.AskAsync("tools/call", Call("accept"), Stop);
        await GiveAsync(rig, ben, "secret-of-ben");
        Assert.Equal(CallRig.Hash("secret-of-ben"), (string?)(await going)[^1]["result"]!["structuredContent"]!["sha256"]);

        // Nothing of the portal's own question reached the server's side of the call, and a client that cannot be sent is told in words.
        var words = (await client.AskAsync("tools/call", new JsonObject { ["name"] = "who__whoami" }, Stop))[^1]["result"]!;
        Assert.Equal(CallRig.Hash("secret-of-ben"), (string?)words["structuredContent"]!["sha256"]);
    }

    [Fact]
    public async Task Whoever_does_not_come_is_told_when_the_wait_is_over()
    {
        await using var rig = await GatewayRig.StartAsync(cluster, ("Gateway:ConnectWait", "00:00:01"));
        await rig.PersonAsync("ana");
        var client = new RawClient(rig.Http, rig.Address("/mcp/who"), await rig.KeyAsync(await rig.Calls.AddUserAsync("ben")));

        var result = (await client.AskAsync("tools/call", Call("accept", "whoami"), Stop))[^1]["result"]!;

        Assert.True((bool)result["isError"]!);
    }

    [Fact]
    public async Task The_link_refuses_everybody_else()
    {
        await using var rig = await GatewayRig.StartAsync(cluster);
        var (ana, _, _) = await rig.PersonAsync("ana");
        var ben = await rig.Calls.AddUserAsync("ben");
        var client = new RawClient(rig.Http, rig.Address("/mcp/who"), await rig.KeyAsync(ben));
        var asked = (await client.AskAsync("tools/call", Call(null, "whoami"), Stop))[^1]["result"]!;
        var path = new Uri((string)asked["inputRequests"]![Own]!["params"]!["url"]!).AbsolutePath;

        Assert.Contains("Your AI client does not see what you enter", await PageAsync(rig, ben, path), StringComparison.Ordinal);
        Assert.Contains("This link is not for you", await PageAsync(rig, ana, path), StringComparison.Ordinal);
    }

    private static async Task<string> PageAsync(GatewayRig rig, UserId user, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, rig.Address(path)) { Headers = { { "Accept", "text/html" }, { "Cookie", await Visitor.CookieAsync(rig.Calls.Portal, user, Stop) } } };
        using var answer = await rig.Http.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Stop);
    }

    private static async Task GiveAsync(GatewayRig rig, UserId user, string secret) =>
        await rig.Calls.SetAsync(user, (await rig.Calls.Get<ServerCatalog>().FindAsync(user, "who", Stop))!, secret);

    private static JsonObject Call(string? answer = null, string tool = "who__whoami")
    {
        var call = new JsonObject
        {
            ["name"] = tool,
            ["_meta"] = new JsonObject { [MetaKeys.ClientCapabilities] = new JsonObject { ["elicitation"] = new JsonObject { ["url"] = new JsonObject() } } },
        };
        if (answer is not null)
        {
            call["inputResponses"] = new JsonObject { [Own] = new JsonObject { ["action"] = answer } };
        }

        return call;
    }
}
