using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Clients.OAuth;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>A client may listen for hours, and not longer than it may.</summary>
public sealed class OpenRequestTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("token")]
    [InlineData("key")]
    [InlineData("person")]
    public async Task A_request_that_stays_open_ends_with_what_it_came_with(string withdrawn)
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        await using var two = await rig.Portal.AnotherNodeAsync(rig.Portal.Database, rig.Gateway.Calls.Sandbox.Address, Ports.Free());
        var (ana, key, _) = await rig.Gateway.PersonAsync("ana");
        var (_, bens, _) = await rig.Gateway.PersonAsync("ben");
        var (access, _) = await rig.TokensAsync(ana, await rig.ClientAsync());
        using var ended = await ListenAsync(rig, two.Address, withdrawn == "key" ? key : access);
        using var other = await ListenAsync(rig, two.Address, bens);
        using var kept = await ListenAsync(rig, two.Address, withdrawn == "key" ? access : withdrawn == "token" ? key : bens);

        switch (withdrawn)
        {
            case "token":
                Assert.True(await rig.Get<ClientGrants>().RevokeAsync(ana, (await rig.OnlyGrantAsync(ana)).Id, Actor.Page(ana), Stop));
                break;
            case "key":
                Assert.True(await rig.Get<AccessKeys>().RevokeAsync(ana, (string)(await rig.SqlAsync($"select id from access_keys where user_id = '{ana}'"))!, Actor.Page(ana), Stop));
                break;
            default:
                Assert.Equal(UserChange.Done, await rig.Get<Users>().DisableAsync(ana, Actor.CommandLine, Stop));
                break;
        }

        var reading = EndAsync(ended);
        Assert.Equal(reading, await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(2), Stop)));
        foreach (var open in (StreamReader[])[other, kept])
        {
            var still = EndAsync(open);
            Assert.NotEqual(still, await Task.WhenAny(still, Task.Delay(TimeSpan.FromMilliseconds(300), Stop)));
        }
    }

    /// <summary>A request that hears what changes, as far as its acknowledgement.</summary>
    internal static async Task<StreamReader> ListenAsync(OAuthRig rig, string address, string credential)
    {
        const string Meta = "io.modelcontextprotocol/";
        var meta = new JsonObject { [$"{Meta}protocolVersion"] = "2026-07-28", [$"{Meta}clientCapabilities"] = new JsonObject() };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address + "/mcp"))
        {
            Content = JsonContent.Create(new JsonObject
            {
                ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = "subscriptions/listen", ["params"] = new JsonObject { ["notifications"] = new JsonObject { ["toolsListChanged"] = true }, ["_meta"] = meta },
            }),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", credential) },
        };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", "2026-07-28");
        request.Headers.Add("Mcp-Method", "subscriptions/listen");
        var response = await rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Stop));
        while (await reader.ReadLineAsync(Stop) is { } line && !line.Contains("acknowledged", StringComparison.Ordinal))
        {
        }

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return reader;
    }

    /// <summary>Completes when nothing more can come.</summary>
    internal static async Task EndAsync(StreamReader reader)
    {
        try
        {
            while (await reader.ReadLineAsync(Stop) is not null)
            {
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // Cut off.
        }
    }
}
