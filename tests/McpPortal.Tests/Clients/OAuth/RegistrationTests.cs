using System.Net;
using McpPortal.Clients.OAuth;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>Clients register themselves, and get nothing by it but the right to ask.</summary>
public sealed class RegistrationTests(PostgresCluster cluster)
{
    private static readonly string[] Evil =
    [
        "javascript:alert(1)",
        "javascript://client.example/%0aalert(1)",
        "view-source://client.example/",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://client.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://localhost.evil.example/",
        "https://user:password@client.example/callback",
        "https://client.example/callback#fragment",
        "https://client.example\\@evil.example/",
        "https://client.example/call back",
        "https://client.example/\r\nSet-Cookie: x",
        "https://*.example/<script>",
        "/callback",
        "//client.example/callback",
        "client:callback",
        "",
    ];

    private static readonly string[] Unusable =
    [
        """{"client_name":"none"}""",
        """{"redirect_uris":[]}""",
        """{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}""",
        """{"redirect_uris":"https://a.example/"}""",
        """{"redirect_uris":["https://a.example/"],"grant_types":["client_credentials"]}""",
        "[]",
        "{",
        "null",
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OA_10_A_client_cannot_register_an_evil_redirect()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        foreach (var redirect in Evil)
        {
            // One good address beside it helps nothing.
            var (status, body) = await rig.RegisterAsync(new { client_name = "Evil", redirect_uris = new[] { OAuthRig.Redirect, redirect } });

            Assert.True((status, (string?)body["error"]) == (HttpStatusCode.BadRequest, "invalid_redirect_uri"), $"{redirect}: {body.ToJsonString()}");
        }

        Assert.Equal(0L, await rig.SqlAsync("select count(*) from oauth_clients"));
    }

    [Fact]
    public async Task A_registration_that_says_too_little_or_two_things_is_refused()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        foreach (var json in Unusable)
        {
            using var answer = await rig.Http.PostAsync(rig.Address("/register"), new StringContent(json, null, "application/json"), Stop);

            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{json}: {(int)answer.StatusCode}");
        }

        Assert.Equal(0L, await rig.SqlAsync("select count(*) from oauth_clients"));
    }

    [Fact]
    public async Task A_registration_is_audited_with_it_and_its_name_shows_only_what_can_be_seen()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);

        var (status, body) = await rig.RegisterAsync(new { client_name = " Edi\u202Etor\u0007\u200B ", redirect_uris = new[] { OAuthRig.Redirect }, token_endpoint_auth_method = "client_secret_post" });

        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(("Editor", "none"), ((string?)body["client_name"], (string?)body["token_endpoint_auth_method"]));
        Assert.Null(body["client_secret"]);
        Assert.Equal(1L, await rig.AuditedAsync("ClientRegistered"));
    }

    [Fact]
    public async Task One_address_registers_only_so_many()
    {
        await using var rig = await OAuthRig.StartAsync(cluster, ("Clients:RegistrationsPerHour", "3"));
        for (var i = 0; i < 3; i++)
        {
            await rig.ClientAsync();
        }

        var (status, _) = await rig.RegisterAsync(new { redirect_uris = new[] { OAuthRig.Redirect } });

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Equal(3L, await rig.SqlAsync("select count(*) from oauth_clients"));
    }

    [Fact]
    public async Task A_client_that_nobody_consented_to_is_forgotten_after_a_day()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (unused, used) = (await rig.ClientAsync(), await rig.ClientAsync());
        await rig.TokensAsync(ana, used);
        await rig.SqlAsync("update oauth_clients set created_at = now() - interval '25 hours'");

        var (refused, html, _) = await rig.AskAsync(await rig.CookieAsync(ana), OAuthRig.Question(unused));
        var (asked, _, _) = await rig.AskAsync(await rig.CookieAsync(ana), OAuthRig.Question(used));
        await rig.Get<ClientSweeper>().SweepAsync(Stop);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.OK), (refused.StatusCode, asked.StatusCode));
        Assert.Contains("not registered here", html, StringComparison.Ordinal);
        Assert.Equal(used, await rig.SqlAsync("select string_agg(client_id, ' ') from oauth_clients"));
        Assert.Equal(1L, await rig.AuditedAsync("ClientsExpired"));
    }

    [Theory]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", true)]
    [InlineData("http://127.0.0.1:3000/cb", "http://127.0.0.1:49152/cb", true)]
    [InlineData("http://[::1]:1/cb", "http://[::1]:2/cb", true)]
    [InlineData("http://localhost/cb?x=1", "http://localhost:8080/cb?x=1", true)]
    [InlineData("http://127.0.0.1/cb", "http://localhost:49152/cb", false)]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb/", false)]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:49152/other", false)]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:49152.evil.example/cb", false)]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", false)]
    [InlineData("http://127.0.0.1/cb", "https://127.0.0.1/cb", false)]
    [InlineData("https://client.example/cb", "https://client.example:8443/cb", false)]
    [InlineData("https://client.example/cb", "https://CLIENT.example/cb", false)]
    [InlineData("https://client.example/cb", "https://client.example/cb?x=1", false)]
    [InlineData("https://client.example/cb", "https://client.example/CB", false)]
    [InlineData("https://client.example/cb", "https://client.example/x/../cb", false)]
    [InlineData("https://client.example/cb", "https://client.example/cb", true)]
    public void A_redirect_is_the_registered_one_but_for_the_port_on_the_own_machine(string registered, string asked, bool matches)
    {
        Assert.Null(new RedirectRules(new ClientsOptions()).Refusal(registered));
        Assert.Equal(matches, RedirectUris.Matches(registered, asked));
    }
}
