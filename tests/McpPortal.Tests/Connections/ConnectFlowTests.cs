using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Sandbox.Faults;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Tests.Connections;

public sealed class ConnectFlowTests(PostgresCluster cluster)
{
    [Fact]
    public async Task A_connected_account_gives_its_token_to_the_server_agreed_to()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);

        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");

        var row = await rig.RowAsync(id);
        Assert.Equal(("ana-dev", ConnectionStatus.Connected, 1L), (row.Account, row.Status, row.ConsentVersion));
        var token = await rig.RevealAsync(await rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/github/api/user") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var response = await rig.Sandbox.Browser.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("ana-dev", (string?)(await response.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!["login"]);
        Assert.DoesNotContain(token, System.Text.Encoding.Latin1.GetString(row.AccessToken!.Record.Span), StringComparison.Ordinal);
        Assert.IsType<TokenResult.NeedsConnection>(await rig.Node.Tokens.GetAsync(rig.Ben, rig.Server, ConnectionsRig.GitHub, default));
    }

    [Fact]
    public async Task Google_is_connected_through_its_own_library()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);

        var id = await rig.ConnectAsync(rig.GoogleTarget, "ana@gmail.sandbox.test");

        var row = await rig.RowAsync(id);
        Assert.Equal("ana@gmail.sandbox.test", row.Account);
        Assert.Contains("https://www.googleapis.com/auth/gmail.readonly", row.Scopes);
        rig.Time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(2, Assert.IsType<TokenResult.Token>(await rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.Google, default)).Generation);
        Assert.Equal(1, (await rig.Sandbox.StatsAsync()).Accounts["google:ana@gmail.sandbox.test"]["refreshes"]);
    }
}
