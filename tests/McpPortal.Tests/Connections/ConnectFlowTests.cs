using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using McpPortal.Audit;
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

    [Theory]
    [InlineData("no state")]
    [InlineData("another state")]
    [InlineData("another user")]
    [InlineData("another sign-in")]
    [InlineData("another provider")]
    [InlineData("another issuer")]
    [InlineData("too late")]
    [InlineData("twice")]
    public async Task An_answer_that_this_sign_in_did_not_ask_for_is_refused_before_any_request(string how)
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var good = await rig.ConsentAsync(rig.Request(rig.GoogleTarget), "ana@gmail.sandbox.test");
        var bad = how switch
        {
            "no state" => good with { State = null },
            "another state" => good with { State = new string('x', 43) },
            "another user" => good with { User = rig.Ben },
            "another sign-in" => good with { SignIn = SignInSessionId.New() },
            "another provider" => good with { Provider = "github" },
            "another issuer" => good with { Issuer = good.Issuer + "/" },
            _ => good,
        };
        if (how == "too late")
        {
            rig.Time.Advance(TimeSpan.FromMinutes(11));
        }

        if (how == "twice")
        {
            Assert.IsType<ConnectResult.Connected>(await rig.Node.Flow.CompleteAsync(good, default));
        }

        var before = (await rig.Sandbox.StatsAsync()).Requests.GetValueOrDefault("google/token");

        Assert.IsType<ConnectResult.Refused>(await rig.Node.Flow.CompleteAsync(bad, default));

        Assert.Equal(before, (await rig.Sandbox.StatsAsync()).Requests.GetValueOrDefault("google/token"));
        Assert.Equal(how == "twice" ? 1 : 0, (await rig.RowsAsync()).Count);
    }

    [Fact]
    public async Task A_wrong_guess_by_somebody_else_does_not_spoil_the_connect()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var good = await rig.ConsentAsync(rig.Request(rig.GitHubTarget), "ana-dev");

        Assert.IsType<ConnectResult.Refused>(await rig.Node.Flow.CompleteAsync(good with { User = rig.Ben }, default));

        Assert.IsType<ConnectResult.Connected>(await rig.Node.Flow.CompleteAsync(good, default));
    }

    [Fact]
    public async Task A_code_that_was_used_or_belongs_to_another_connect_stores_nothing()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var ben = await rig.ConsentAsync(rig.Request(rig.GitHubTarget, rig.Ben), "ben-dev");
        var ana = await rig.ConsentAsync(rig.Request(rig.GitHubTarget), "ana-dev");

        Assert.IsType<ConnectResult.Failed>(await rig.Node.Flow.CompleteAsync(ana with { Code = ben.Code }, default));

        Assert.Empty(await rig.RowsAsync());
    }

    [Fact]
    public async Task The_authorize_address_carries_a_hashed_verifier_and_only_the_scopes_needed()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        foreach (var target in new[] { rig.GitHubTarget, rig.GoogleTarget })
        {
            var start = Assert.IsType<ConnectStart.Redirect>(await rig.Node.Flow.BeginAsync(rig.Request(target), default));
            var query = QueryHelpers.ParseQuery(start.Address.Query);

            Assert.Equal(("S256", 43), (query["code_challenge_method"].ToString(), query["code_challenge"].ToString().Length));
            Assert.True(query["state"].ToString().Length >= 43);
            Assert.Equal($"http://localhost:5080/connect/{target.Need.Provider}/callback", query["redirect_uri"]);
            Assert.Equal(target.Need.Provider == "github" ? "read:user repo" : "openid email https://www.googleapis.com/auth/gmail.readonly", query["scope"]);
        }

        await using var scope = await rig.Node.Database.ForSystemAsync(default);
        Assert.All(scope.Db.PendingConnects, p => Assert.Equal(32, p.StateHash.Length));
    }

    [Theory]
    [InlineData("/console?server=tools", "/console?server=tools")]
    [InlineData("//evil.example", "/connections")]
    [InlineData("/\\evil.example", "/connections")]
    [InlineData("https:evil.example", "/connections")]
    [InlineData("javascript:alert(1)", "/connections")]
    [InlineData("/a\r\nb", "/connections")]
    [InlineData(null, "/connections")]
    public void Only_a_path_of_the_portal_is_returned_to(string? asked, string expected) => Assert.Equal(expected, ReturnPaths.Local(asked));

    [Theory]
    [InlineData("""{"access_token":"a","token_type":"mac"}""")]
    [InlineData("""{"access_token":"a"}""")]
    [InlineData("""{"access_token":"a","access_token":"b","token_type":"bearer"}""")]
    [InlineData("""{"access_token":"a\r\nX-Evil: 1","token_type":"bearer"}""")]
    [InlineData("<html>sign in</html>")]
    [InlineData("")]
    [InlineData("big")]
    public async Task An_answer_that_is_no_token_stores_nothing(string body)
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        foreach (var (target, account) in new[] { (rig.GitHubTarget, "ana-dev"), (rig.GoogleTarget, "ana@gmail.sandbox.test") })
        {
            var answer = await rig.ConsentAsync(rig.Request(target), account);
            await rig.Sandbox.FaultAsync(new Fault { Endpoint = $"{target.Need.Provider}/token", Status = 200, Body = body == "big" ? new string('x', 5_000_000) : body });

            Assert.IsType<ConnectResult.Failed>(await rig.Node.Flow.CompleteAsync(answer, default));
        }

        Assert.Empty(await rig.RowsAsync());
    }

    [Fact]
    public async Task Two_tabs_leave_one_connection_and_the_losers_tokens_are_revoked()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var one = await rig.ConsentAsync(rig.Request(rig.GitHubTarget), "ana-dev");
        var two = await rig.ConsentAsync(rig.Request(rig.GitHubTarget), "ana-dev");

        var results = await Task.WhenAll(new[] { one, two, one, two }.Select(answer => rig.Node.Flow.CompleteAsync(answer, default)));
        foreach (var order in await rig.Node.Get<Revocations>().DueAsync(default))
        {
            await rig.Node.Get<Revocations>().TryAsync(order, default);
        }

        Assert.Equal(2, results.Count(r => r is ConnectResult.Connected));
        var row = Assert.Single(await rig.RowsAsync());
        Assert.Equal((ConnectionStatus.Connected, 2L), (row.Status, row.ConsentVersion));
        Assert.Equal(1, await rig.LiveAsync("github:ana-dev"));
        rig.Time.Advance(TimeSpan.FromHours(9));
        Assert.IsType<TokenResult.Token>(await rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default));
    }

    [Theory]
    [InlineData("access_denied")]
    [InlineData("<script>alert(1)</script>")]
    public async Task A_no_at_the_provider_is_told_in_words_of_our_own(string error)
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var answer = await rig.ConsentAsync(rig.Request(rig.GitHubTarget), "ana-dev") with { Code = null, Error = error };

        var result = await rig.Node.Flow.CompleteAsync(answer, default);

        if (error == "access_denied")
        {
            Assert.IsType<ConnectResult.Cancelled>(result);
        }
        else
        {
            Assert.DoesNotContain("script", Assert.IsType<ConnectResult.Failed>(result).Sentence, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Another_account_on_reconnect_is_used_only_when_confirmed()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var old = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        var answer = await rig.ConsentAsync(rig.Request(rig.GitHubTarget, reconnect: old), "ana-club");

        var other = Assert.IsType<ConnectResult.OtherAccount>(await rig.Node.Flow.CompleteAsync(answer, default));
        Assert.Equal("ana-dev", Assert.IsType<TokenResult.Token>(await rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default)).Account);
        Assert.False(await rig.Node.Get<MyConnections>().ReplaceAsync(rig.Ben, other.Wanted, other.Got, default));

        Assert.True(await rig.Node.Get<MyConnections>().ReplaceAsync(rig.Ana, other.Wanted, other.Got, default));

        var token = Assert.IsType<TokenResult.Token>(await rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default));
        Assert.Equal(("ana-club", 2L), (token.Account, token.ConsentVersion));
        Assert.Equal(0, await rig.LiveAsync("github:ana-dev"));
    }

    [Fact]
    public async Task A_restart_between_redirect_and_return_changes_nothing()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var answer = await rig.ConsentAsync(rig.Request(rig.GitHubTarget), "ana-dev");
        var first = rig.Node;
        await rig.AddNodeAsync();
        await rig.StopNodeAsync(first);

        Assert.IsType<ConnectResult.Connected>(await rig.Node.Flow.CompleteAsync(answer, default));
    }

    [Fact]
    public async Task A_moved_server_gets_nothing_until_its_owner_agrees()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        var moved = rig.Server with { Destination = "https://elsewhere.example:443" };

        var asked = Assert.IsType<TokenResult.NeedsConfirmation>(await rig.Node.Tokens.GetAsync(rig.Ana, moved, ConnectionsRig.GitHub, default));
        Assert.Equal((rig.Server.Destination, moved.Destination), (asked.AgreedTo, asked.Now));
        Assert.IsType<ConnectStart.DestinationMoved>(await rig.Node.Flow.BeginAsync(rig.Request(rig.GitHubTarget with { Server = moved }), default));
        Assert.False(await rig.Node.Get<MyConnections>().ConfirmDestinationAsync(rig.Ana, moved, rig.Server.Destination, default));

        Assert.True(await rig.Node.Get<MyConnections>().ConfirmDestinationAsync(rig.Ana, moved, moved.Destination, default));
        Assert.IsType<TokenResult.Token>(await rig.Node.Tokens.GetAsync(rig.Ana, moved, ConnectionsRig.GitHub, default));
    }

    [Fact]
    public async Task A_disconnect_revokes_forgets_and_asks_again_next_time()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        var mine = rig.Node.Get<MyConnections>();
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        Assert.Equal(DisconnectResult.NotFound, await mine.DisconnectAsync(rig.Ben, id, Actor.Page(rig.Ben), default));
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/revoke", Status = 503 });

        Assert.Equal(DisconnectResult.Pending, await mine.DisconnectAsync(rig.Ana, id, Actor.Page(rig.Ana), default));
        Assert.IsType<TokenResult.NeedsConnection>(await rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default));
        Assert.Equal((ConnectionStatus.Revoking, null, null), ((await rig.RowAsync(id)).Status, (await rig.RowAsync(id)).AccessToken, (await rig.RowAsync(id)).RefreshToken));
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/revoke" });
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        await rig.Node.Get<TokenRefresher>().SweepAsync(default);

        Assert.Equal((ConnectionStatus.Revoked, 0), ((await rig.RowAsync(id)).Status, await rig.LiveAsync("github:ana-dev")));
        await rig.ConnectAsync(rig.GitHubTarget with { Need = ConnectionsRig.GitHub }, "ana-dev");
        Assert.Single(await rig.RowsAsync());
    }
}
