using System.Net;
using McpPortal.Clients.OAuth;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sandbox;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Configuration;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>Clients whose answers an app on the desk takes, at an address with a scheme of its own (RFC 8252 §7.1).</summary>
public sealed class AppRedirectTests(PostgresCluster cluster)
{
    /// <summary>What Cursor registers, in one request.</summary>
    private static readonly string[] Cursors = [Cursor, "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"];

    /// <summary>None of them is Cursor's whole address.</summary>
    private static readonly string[] Unknown =
    [
        "client:/callback", "com.example.editor:/callback", "ms-settings://client.example/", "intent://client.example/", "cursor://evil/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback?x=1",
        "cursor://anysphere.cursor-mcp/oauth/callback/../x", "cursor://anysphere.cursor-mcp:1/oauth/callback", "cursor:/oauth/callback",
    ];

    private const string Cursor = "cursor://anysphere.cursor-mcp/oauth/callback";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cursor_registers_and_its_person_is_led_back_to_the_app()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (status, body) = await rig.RegisterAsync(new { client_name = "Cursor", redirect_uris = Cursors, grant_types = (string[])["authorization_code", "refresh_token"], response_types = (string[])["code"], token_endpoint_auth_method = "none" });
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(Cursors, body["redirect_uris"]!.AsArray().Select(uri => (string)uri!));
        var client = (string)body["client_id"]!;

        var (asked, html, cookies) = await rig.AskAsync(await rig.CookieAsync(ana), OAuthRig.Question(client, ("redirect_uri", Cursor)));
        Assert.Contains("<b>cursor://anysphere.cursor-mcp</b>, an app on the computer in front of you", html, StringComparison.Ordinal);
        Assert.DoesNotContain("cursor", asked.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);

        using var answer = await rig.PostAsync(cookies, OAuthRig.Form(html, "allow"));
        var page = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop));
        Assert.Equal((HttpStatusCode.OK, null, true), (answer.StatusCode, answer.Headers.Location, answer.Headers.CacheControl!.NoStore));
        Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("<h1>Back to Cursor</h1>", page, StringComparison.Ordinal);
        var back = LinkIn(page);
        Assert.Contains($"content=\"0;url={back}\"", page, StringComparison.Ordinal);
        Assert.StartsWith(Cursor + "?code=mcpc_", back, StringComparison.Ordinal);
        var query = QueryHelpers.ParseQuery(new Uri(back).Query);
        Assert.Equal(("state-1", rig.Portal.Address), (query["state"].ToString(), query["iss"].ToString()));

        var (elsewhere, _) = await rig.ExchangeAsync(client, query["code"]!, ("redirect_uri", Cursors[2]));
        Assert.Equal(HttpStatusCode.BadRequest, elsewhere);
        var code = QueryHelpers.ParseQuery(new Uri(await DecideAsync(rig, await rig.CookieAsync(ana), client, "allow")).Query)["code"].ToString();
        var (exchanged, tokens) = await rig.ExchangeAsync(client, code, ("redirect_uri", Cursor));
        Assert.Equal(HttpStatusCode.OK, exchanged);
        Assert.Equal(HttpStatusCode.OK, (await rig.KnockAsync((string)tokens["access_token"]!)).Status);
        Assert.Contains("error=access_denied", await DecideAsync(rig, await rig.CookieAsync(ana), client, "deny"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OA_10_An_app_that_nobody_allowed_gets_no_answer()
    {
        await using var rig = await OAuthRig.StartAsync(cluster, ("Clients:RegistrationsPerHour", "1000"));
        var cookie = await rig.CookieAsync((await rig.Gateway.PersonAsync("ana")).User);
        foreach (var app in Unknown)
        {
            var (alone, fault) = await rig.RegisterAsync(new { redirect_uris = (string[])[app] });
            Assert.True(alone == HttpStatusCode.BadRequest && (string?)fault["error"] == "invalid_redirect_uri", $"{app}: {fault.ToJsonString()}");
            Assert.Contains("Clients:AppRedirects", (string?)fault["error_description"], StringComparison.Ordinal);

            // Beside another one it is left out, and the answer says so.
            var (status, body) = await rig.RegisterAsync(new { redirect_uris = (string[])[app, OAuthRig.Redirect] });
            Assert.True(status == HttpStatusCode.Created, $"{app}: {body.ToJsonString()}");
            Assert.Equal([OAuthRig.Redirect], body["redirect_uris"]!.AsArray().Select(uri => (string)uri!));
            var (answer, html, _) = await rig.AskAsync(cookie, OAuthRig.Question((string)body["client_id"]!, ("redirect_uri", app)));
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, app);
            Assert.Contains("An administrator can add this address", html, StringComparison.Ordinal);
            Assert.DoesNotContain($"\"{app}", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_app_that_the_administrator_allowed_is_answered_until_it_is_taken_off_the_list()
    {
        const string App = "com.example.editor:/callback";
        await using var rig = await OAuthRig.StartAsync(cluster, ("Clients:AppRedirects:0", App));
        var cookie = await rig.CookieAsync((await rig.Gateway.PersonAsync("ana")).User);
        var client = await rig.ClientAsync(App);
        Assert.StartsWith(App + "?code=", await DecideAsync(rig, cookie, client, "allow", App), StringComparison.Ordinal);

        await using var other = await OAuthRig.StartAsync(cluster);
        await other.SqlAsync($"insert into oauth_clients (id, client_id, name, redirect_uris, created_at) values (gen_random_uuid(), 'mcp-before', 'Before', '[\"{App}\"]', now())");
        var (answer, _, _) = await other.AskAsync(await other.CookieAsync((await other.Gateway.PersonAsync("ana")).User), OAuthRig.Question("mcp-before", ("redirect_uri", App)));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("editor://sign-in/callback", true)]
    [InlineData("com.example.editor:/callback", true)]
    [InlineData("editor", false)]
    [InlineData("editor:callback", false)]
    [InlineData("https://client.example/callback", false)]
    [InlineData("http://client.example/callback", false)]
    [InlineData("javascript://client.example/%0aalert(1)", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("editor://name@sign-in/callback", false)]
    [InlineData("editor://sign-in/callback#x", false)]
    [InlineData("EDITOR://sign-in/callback", false)]
    public void The_list_takes_whole_addresses_of_apps_only(string address, bool taken)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Clients:AppRedirects:0", address)]).Build();

        if (taken)
        {
            Assert.Null(new RedirectRules(ClientsOptions.Read(configuration)).Refusal(address));
        }
        else
        {
            Assert.Contains("Clients:AppRedirects cannot be used. Write ", Assert.Throws<InvalidOperationException>(() => ClientsOptions.Read(configuration)).Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Where the button on the answer leads.</summary>
    private static async Task<string> DecideAsync(OAuthRig rig, string cookie, string client, string decision, string app = Cursor)
    {
        var (_, html, cookies) = await rig.AskAsync(cookie, OAuthRig.Question(client, ("redirect_uri", app)));
        using var answer = await rig.PostAsync(cookies, OAuthRig.Form(html, decision));
        return LinkIn(WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Stop)));
    }

    private static string LinkIn(string page)
    {
        const string Before = "plain-primary\" href=\"";
        var from = page.IndexOf(Before, StringComparison.Ordinal) + Before.Length;
        return page[from..page.IndexOf('"', from)];
    }
}
