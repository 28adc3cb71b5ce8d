using System.Net;
using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using McpPortal.Audit;
using McpPortal.Clients.Issuers;
using McpPortal.Data;
using McpPortal.Tests.Attacks.Authorization;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Clients.Issuers;

/// <summary>Whose account at another issuer is whose here: shown by signing in with both, and by nothing else.</summary>
public sealed class IssuerLinkTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_linked_account_calls_as_its_person_until_the_link_is_removed()
    {
        await using var rig = await StartAsync();
        var (ana, _, hash) = await rig.Portal.Gateway.PersonAsync("ana");
        var token = rig.Token("ana-elsewhere");
        Assert.Equal(HttpStatusCode.Forbidden, await rig.KnockAsync(token));
        rig.Issuer.SignsIn = "ana-elsewhere";

        using var back = await LinkAsync(rig, await rig.Portal.CookieAsync(ana));

        Assert.Equal("/profile", Location(back));
        Assert.DoesNotContain(SetCookies(back), cookie => cookie.StartsWith("portal-session=", StringComparison.Ordinal) && !cookie.EndsWith('='));
        Assert.Equal(("code", "portal-client", "openid", "login", "S256"), ((string)rig.Issuer.Question["response_type"]!, (string)rig.Issuer.Question["client_id"]!, (string)rig.Issuer.Question["scope"]!, (string)rig.Issuer.Question["prompt"]!, (string)rig.Issuer.Question["code_challenge_method"]!));
        await using (var mcp = await rig.Portal.Gateway.ConnectAsync("/mcp/who", token, "2025-11-25"))
        {
            Assert.Equal(hash, (await mcp.CallToolAsync("whoami", cancellationToken: Stop)).StructuredContent!.Value.GetProperty("sha256").GetString());
        }

        var links = rig.Portal.Get<IssuerLinks>();
        Assert.Equal("ana-elsewhere", Assert.Single(await links.ListAsync(ana, Stop)).Subject);
        Assert.DoesNotContain((await rig.Portal.Get<MyProfile>().GetAsync(ana, Stop)).Identities, identity => identity.Issuer == rig.Issuer.Issuer);
        Assert.Equal(1L, await rig.Portal.AuditedAsync(nameof(AuditAction.IdentityLinked)));
        Assert.True(await links.RemoveAsync(ana, rig.Issuer.Issuer, Actor.Page(ana), Stop));
        var (status, _) = await Eventually.AskAsync(() => rig.KnockAsync(token), status => status == HttpStatusCode.Forbidden, TimeSpan.FromSeconds(2));
        Assert.True(status == HttpStatusCode.Forbidden, "The token of an unlinked account still opened the portal after two seconds.");
        Assert.Equal(1L, await rig.Portal.AuditedAsync(nameof(AuditAction.IdentityUnlinked)));
        Assert.False(await links.RemoveAsync(ana, rig.Issuer.Issuer, Actor.Page(ana), Stop));
    }

    [Fact]
    public async Task An_account_that_is_somebody_elses_is_not_taken_from_them()
    {
        await using var rig = await StartAsync();
        var (ana, ben) = ((await rig.Portal.Gateway.PersonAsync("ana")).User, (await rig.Portal.Gateway.PersonAsync("ben")).User);
        rig.Issuer.SignsIn = "ana-elsewhere";
        using var first = await LinkAsync(rig, await rig.Portal.CookieAsync(ana));
        Assert.Equal("/profile", Location(first));

        using var second = await LinkAsync(rig, await rig.Portal.CookieAsync(ben));
        Assert.Equal(HttpStatusCode.Forbidden, second.StatusCode);
        Assert.Contains("linked to somebody else", await second.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);

        // And nobody has two of one issuer, of which one would be forgotten.
        rig.Issuer.SignsIn = "another-of-ana";
        using var third = await LinkAsync(rig, await rig.Portal.CookieAsync(ana));
        Assert.Equal(HttpStatusCode.Forbidden, third.StatusCode);

        // The same once more changes nothing.
        rig.Issuer.SignsIn = "ana-elsewhere";
        using var again = await LinkAsync(rig, await rig.Portal.CookieAsync(ana));
        Assert.Equal("/profile", Location(again));
        Assert.Equal(ana.ToString(), (await rig.Portal.SqlAsync($"select string_agg(user_id::text, ' ') from identities where issuer = '{rig.Issuer.Issuer}'"))!.ToString());
    }

    [Fact]
    public async Task A_sign_in_elsewhere_counts_only_for_the_sign_in_here_that_began_it()
    {
        await using var rig = await StartAsync();
        var (ana, ben) = ((await rig.Portal.Gateway.PersonAsync("ana")).User, (await rig.Portal.Gateway.PersonAsync("ben")).User);
        rig.Issuer.SignsIn = "ben-elsewhere";
        foreach (var taker in new[] { await rig.Portal.CookieAsync(ana), await rig.Portal.CookieAsync(ben), null })
        {
            // Ben's browser is sent back with his own state, but whoever is signed in there by then is somebody else, or Ben anew, or nobody.
            using var back = await LinkAsync(rig, await rig.Portal.CookieAsync(ben), taker ?? "");
            Assert.Equal(HttpStatusCode.Forbidden, back.StatusCode);
        }

        Assert.Equal(0L, await rig.Portal.SqlAsync($"select count(*) from identities where issuer = '{rig.Issuer.Issuer}'"));
    }

    [Theory]
    [InlineData("nonce", "another")]
    [InlineData("aud", "another-client")]
    [InlineData("iss", "https://another.example")]
    public async Task Only_an_answer_to_this_question_links(string claim, string value)
    {
        await using var rig = await StartAsync();
        var ana = (await rig.Portal.Gateway.PersonAsync("ana")).User;
        (rig.Issuer.SignsIn, rig.Issuer.ChangeIdToken) = ("ana-elsewhere", claims => claims[claim] = value);

        using var back = await LinkAsync(rig, await rig.Portal.CookieAsync(ana));

        Assert.Equal(HttpStatusCode.BadRequest, back.StatusCode);
        Assert.Equal(0L, await rig.Portal.SqlAsync($"select count(*) from identities where issuer = '{rig.Issuer.Issuer}'"));
    }

    [Fact]
    public async Task Nobody_else_presses_the_button_for_its_person()
    {
        await using var rig = await StartAsync();
        var ana = await rig.Portal.CookieAsync((await rig.Portal.Gateway.PersonAsync("ana")).User);
        using var forged = new HttpRequestMessage(HttpMethod.Post, rig.Portal.Address(LinkEndpoints.Path)) { Content = Form(rig.Issuer.Issuer), Headers = { { "Cookie", ana } } };

        using var answer = await rig.Portal.Http.SendAsync(forged, Stop);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.DoesNotContain("/authorize", rig.Issuer.Asked);
    }

    [Fact]
    public async Task Entries_may_bear_any_numbers()
    {
        await using var rig = await IssuerRig.StartAsync(cluster, ("Access:Issuers:7:Issuer", "https://third.example"), ("Access:Issuers:7:Audience", "portal"), ("Access:Issuers:7:ClientId", "third"));
        var ana = (await rig.Portal.Gateway.PersonAsync("ana")).User;

        Assert.Equal("https://third.example", Assert.Single(await rig.Portal.Get<IssuerLinks>().ListAsync(ana, Stop)).Issuer);
        Assert.Equal("third", rig.Portal.Portal.Services.GetRequiredKeyedService<OidcClient>("link-2").Provider.Settings.ClientId);
    }

    [Fact]
    public async Task The_identity_of_the_sign_in_provider_is_no_link()
    {
        await using var rig = await IssuerRig.StartAsync(cluster);
        var ana = (await rig.PersonAsync("ana")).User;

        Assert.Empty(await rig.Portal.Get<IssuerLinks>().ListAsync(ana, Stop));
        Assert.False(await rig.Portal.Get<IssuerLinks>().RemoveAsync(ana, rig.Issuer.Issuer, Actor.Page(ana), Stop));
        Assert.Equal(1L, await rig.Portal.SqlAsync($"select count(*) from identities where issuer = '{rig.Issuer.Issuer}'"));
    }

    private Task<IssuerRig> StartAsync() => IssuerRig.StartAsync(cluster, ("Access:Issuers:0:ClientId", "portal-client"), ("Access:Issuers:0:ClientSecret", "fake-client-secret-of-a-test"));

    private static FormUrlEncodedContent Form(string issuer) => new([KeyValuePair.Create("issuer", issuer)]);

    /// <summary>Presses the button, signs in there, and comes back, as a browser would.</summary>
    /// <param name="rig">The portal and the issuer.</param>
    /// <param name="cookie">Of the sign-in in which it begins.</param>
    /// <param name="cookieThen">Of the sign-in to which it comes back; null: the same.</param>
    private static async Task<HttpResponseMessage> LinkAsync(IssuerRig rig, string cookie, string? cookieThen = null)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(rig.Portal.Portal.Address) };
        var begun = await new Visitor("person", cookie, null).SendAsync(http, new HttpRequestMessage(HttpMethod.Post, LinkEndpoints.Path) { Content = Form(rig.Issuer.Issuer) }, Stop);
        using (begun)
        {
            Assert.Equal(HttpStatusCode.Redirect, begun.StatusCode);
            Assert.StartsWith(rig.Issuer.Issuer, Location(begun), StringComparison.Ordinal);
            using var there = await http.GetAsync(new Uri(Location(begun)), Stop);
            using var back = new HttpRequestMessage(HttpMethod.Get, there.Headers.Location) { Headers = { { "Accept", "text/html" } } };
            back.Headers.Add("Cookie", string.Join("; ", SetCookies(begun).Prepend(cookieThen ?? cookie).Where(part => part.Length > 0)));
            return await http.SendAsync(back, Stop);
        }
    }

    private static string Location(HttpResponseMessage answer) => answer.Headers.Location?.OriginalString ?? answer.StatusCode.ToString();

    private static IEnumerable<string> SetCookies(HttpResponseMessage answer) => answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.Select(line => line.Split(';')[0]) : [];
}
