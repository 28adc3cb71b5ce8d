using System.Net;
using McpPortal.Audit;
using McpPortal.Clients.OAuth;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>Nobody but the person themselves lets a client in, each time, and knows whom.</summary>
public sealed class ConsentTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_says_who_asks_for_what_and_where_the_answer_goes()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var cookie = await rig.CookieAsync(ana);
        var client = await rig.ClientAsync();

        var (answer, html, _) = await rig.AskAsync(cookie, OAuthRig.Question(client, ("scope", "mcp:read"), ("resource", rig.Resource("/mcp/who"))));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var text = WebUtility.HtmlDecode(html);
        foreach (var words in (string[])["Let A client use your tools?", "<b>client.example</b>", "<b>Server who</b>, and no other one", ClientScopes.Words(ClientScopes.Read)])
        {
            Assert.Contains(words, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(ClientScopes.Words(ClientScopes.Call), text, StringComparison.Ordinal);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single().Split("; ");
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.Contains(policy, part => part.StartsWith("form-action ", StringComparison.Ordinal) && part.EndsWith(" https: https://client.example", StringComparison.Ordinal));
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task The_answer_goes_to_the_client_with_code_state_and_issuer_and_the_consent_is_audited()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var cookie = await rig.CookieAsync(ana);
        var client = await rig.ClientAsync();

        var back = await rig.DecideAsync(cookie, OAuthRig.Question(client, ("state", "a b&c=\"<>")));

        Assert.Equal(OAuthRig.Redirect, back.GetLeftPart(UriPartial.Path));
        var query = QueryHelpers.ParseQuery(back.Query);
        Assert.Equal(["code", "iss", "state"], query.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("a b&c=\"<>", rig.Portal.Address), (query["state"].ToString(), query["iss"].ToString()));
        Assert.StartsWith("mcpc_", query["code"].ToString(), StringComparison.Ordinal);
        Assert.Equal(1L, await rig.SqlAsync($"select count(*) from audit_entries where action = 'ConsentGiven' and actor_id = '{ana}' and details like '%client.example%'"));

        // What was agreed to once is asked again.
        var (again, html, _) = await rig.AskAsync(cookie, OAuthRig.Question(client));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Contains("Do not allow", html, StringComparison.Ordinal);

        // Until the client comes for its tokens there is nothing to list.
        Assert.Empty(await rig.Get<ClientGrants>().ListAsync(ana, Stop));
    }

    [Fact]
    public async Task Who_says_no_gives_nothing()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var client = await rig.ClientAsync();

        var query = QueryHelpers.ParseQuery((await rig.DecideAsync(await rig.CookieAsync(ana), OAuthRig.Question(client), "deny")).Query);

        Assert.Equal(("access_denied", "state-1", rig.Portal.Address), (query["error"].ToString(), query["state"].ToString(), query["iss"].ToString()));
        Assert.False(query.ContainsKey("code"));
        Assert.Equal(0L, await rig.SqlAsync("select count(*) from oauth_grants"));
    }

    [Fact]
    public async Task Who_is_not_signed_in_signs_in_first_and_comes_back_to_the_question()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var question = OAuthRig.Question(await rig.ClientAsync());

        var (answer, _, _) = await rig.AskAsync(null, question);

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal($"/signin?returnUrl={Uri.EscapeDataString(question)}", answer.Headers.Location!.OriginalString);
        using var posted = await rig.PostAsync(null, [new("decision", "allow")]);
        Assert.Equal(HttpStatusCode.Unauthorized, posted.StatusCode);
    }

    [Fact]
    public async Task OA_6_Without_a_redirect_of_the_clients_own_nothing_leads_there()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var cookie = await rig.CookieAsync(ana);
        var client = await rig.ClientAsync();
        (string Name, string? Value)[] wrong =
        [
            ("client_id", "mcp-unknown"), ("client_id", null), ("redirect_uri", null), ("redirect_uri", "https://evil.example/callback"), ("redirect_uri", "https://client.example/callback/../evil"),
            ("redirect_uri", "https://client.example/callback?more"), ("redirect_uri", "javascript:alert(1)"), ("redirect_uri", "https://client.example:444/callback"), ("redirect_uri", "//client.example/callback"),
        ];
        foreach (var parameter in wrong)
        {
            var (answer, html, _) = await rig.AskAsync(cookie, OAuthRig.Question(client, parameter));

            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{parameter}: {(int)answer.StatusCode}");
            Assert.Null(answer.Headers.Location);
            Assert.Contains("No access given", html, StringComparison.Ordinal);
            Assert.DoesNotContain("Tell ", html, StringComparison.Ordinal);
            Assert.DoesNotContain("evil.example\"", html, StringComparison.Ordinal);
            Assert.DoesNotContain("javascript:", html, StringComparison.Ordinal);
        }

        // A parameter twice: one for the check, one for the answer.
        var (twice, page, _) = await rig.AskAsync(cookie, OAuthRig.Question(client) + "&redirect_uri=https%3A%2F%2Fevil.example%2F");
        Assert.Equal(HttpStatusCode.BadRequest, twice.StatusCode);
        Assert.DoesNotContain("Allow</button>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OA_3_What_cannot_be_followed_is_shown_and_the_client_is_told_only_when_the_person_wants_it()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var cookie = await rig.CookieAsync(ana);
        var client = await rig.ClientAsync();
        (string Name, string? Value, string Error)[] wrong =
        [
            ("response_type", "token", "unsupported_response_type"), ("response_type", null, "unsupported_response_type"),
            ("code_challenge", null, "invalid_request"), ("code_challenge", "short", "invalid_request"), ("code_challenge_method", "plain", "invalid_request"), ("code_challenge_method", null, "invalid_request"),
            ("scope", "mcp:read mcp:admin", "invalid_scope"), ("scope", "openid", "invalid_scope"),
            ("resource", "https://other.example/mcp", "invalid_target"), ("resource", rig.Resource("/mcp/none"), "invalid_target"), ("resource", rig.Resource("/mcp/../secrets"), "invalid_target"), ("resource", rig.Resource("/"), "invalid_target"),
        ];
        foreach (var (name, value, error) in wrong)
        {
            var (answer, html, cookies) = await rig.AskAsync(cookie, OAuthRig.Question(client, (name, value)));

            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{name}={value}: {(int)answer.StatusCode}");
            Assert.Null(answer.Headers.Location);
            var link = WebUtility.HtmlDecode(html);
            Assert.Contains($"href=\"{OAuthRig.Redirect}?error={error}&", link, StringComparison.Ordinal);
            Assert.Contains($"&state=state-1&iss={Uri.EscapeDataString(rig.Portal.Address)}\"", link, StringComparison.Ordinal);

            // Nor does a form that somebody fills in by hand get further.
            var (_, good, sent) = await rig.AskAsync(cookies, OAuthRig.Question(client));
            var form = OAuthRig.Form(good, "allow").Where(field => field.Key != name).ToList();
            if (value is not null)
            {
                form.Add(new(name, value));
            }

            using var posted = await rig.PostAsync(sent, form);
            Assert.True(posted.StatusCode == HttpStatusCode.BadRequest, $"{name}={value}: {(int)posted.StatusCode}");
        }

        Assert.Equal(0L, await rig.SqlAsync("select count(*) from oauth_grants"));
    }

    [Fact]
    public async Task OA_10_A_form_that_another_site_or_person_sends_gives_no_consent()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (ben, _, _) = await rig.Gateway.PersonAsync("ben");
        var (anas, bens) = (await rig.CookieAsync(ana), await rig.CookieAsync(ben));
        var question = OAuthRig.Question(await rig.ClientAsync());
        var (_, html, cookies) = await rig.AskAsync(anas, question);
        var form = OAuthRig.Form(html, "allow");
        var antiforgery = cookies[(anas.Length + 2)..];
        Assert.StartsWith("portal-antiforgery=", antiforgery, StringComparison.Ordinal);

        List<(string What, string Cookies, IEnumerable<KeyValuePair<string, string>> Form)> forged =
        [
            ("without the token", cookies, form.Where(field => field.Key != "__RequestVerificationToken")),
            ("without its cookie, which no other site's form brings along", anas, form),
            ("with ana's form in ben's browser", $"{bens}; {antiforgery}", form),
            ("with neither yes nor no", cookies, form.Where(field => field.Key != "decision")),
        ];
        foreach (var (what, sent, fields) in forged)
        {
            using var answer = await rig.PostAsync(sent, fields);
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{what}: {(int)answer.StatusCode}");
            Assert.Null(answer.Headers.Location);
        }

        Assert.Equal(0L, await rig.SqlAsync("select count(*) from oauth_grants"));
        using var own = await rig.PostAsync(cookies, form);
        Assert.Equal(HttpStatusCode.SeeOther, own.StatusCode);
        Assert.Equal(ana.Value, await rig.SqlAsync("select user_id from oauth_grants"));
    }

    [Fact]
    public async Task AZ_3_Nobody_consents_to_a_server_that_they_do_not_have()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        var (ana, _, _) = await rig.Gateway.PersonAsync("ana");
        var (ben, _, _) = await rig.Gateway.PersonAsync("ben");
        var own = await rig.Get<ServerEditor>().AddOwnAsync(ana, new ServerDraft { Slug = "own", Name = "Ana's own", Url = rig.Gateway.Calls.Whoami }, Actor.Page(ana), Stop);
        Assert.IsType<ServerEditResult.Saved>(own);
        var client = await rig.ClientAsync();

        var (foreign, html, _) = await rig.AskAsync(await rig.CookieAsync(ben), OAuthRig.Question(client, ("resource", rig.Resource("/mcp/own"))));
        var (missing, other, _) = await rig.AskAsync(await rig.CookieAsync(ben), OAuthRig.Question(client, ("resource", rig.Resource("/mcp/none"))));
        var (mine, _, _) = await rig.AskAsync(await rig.CookieAsync(ana), OAuthRig.Question(client, ("resource", rig.Resource("/mcp/own"))));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.OK), (foreign.StatusCode, missing.StatusCode, mine.StatusCode));
        Assert.DoesNotContain("Ana's own", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        Assert.Contains("a server that you do not have", html, StringComparison.Ordinal);
        Assert.Contains("a server that you do not have", other, StringComparison.Ordinal);
    }
}
