using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Accounts;

/// <summary>The whole way through the browser, against the certified provider from npm.</summary>
public sealed partial class SignInWithPeerTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("client_secret_basic", "RS256", true)]
    [InlineData("client_secret_post", "ES256", false)]
    public async Task A_person_signs_in_and_is_known_again(string authentication, string algorithm, bool claimsFromUserInfoOnly)
    {
        await using var rig = await Rig.StartAsync(cluster, authentication, algorithm, claimsFromUserInfoOnly);
        using var browser = rig.Portal.Browser();
        var back = await rig.SignInAsync(browser, "/signin?returnUrl=%2Fconnections&login_hint=ana");
        Assert.Equal("/connections", back);
        var who = await browser.GetStringAsync(new Uri("/test/whoami", UriKind.Relative), Stop);
        Assert.Contains(" Ana admin=False", who, StringComparison.Ordinal);

        using var second = rig.Portal.Browser();
        await rig.SignInAsync(second, "/signin?login_hint=ana");
        var again = await second.GetStringAsync(new Uri("/test/whoami", UriKind.Relative), Stop);
        Assert.Equal(who.Split(' ')[0], again.Split(' ')[0]);
        Assert.NotEqual(who.Split("session=")[1], again.Split("session=")[1]);

        using var third = rig.Portal.Browser();
        await rig.SignInAsync(third, "/signin?login_hint=cara");
        Assert.Contains("Cara admin=True", await third.GetStringAsync(new Uri("/test/whoami", UriKind.Relative), Stop), StringComparison.Ordinal);

        await using var scope = await rig.Portal.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop);
        Assert.Equal(2, await scope.Db.Users.CountAsync(Stop));
        Assert.Equal("ana@peer.test", (await scope.Db.Users.SingleAsync(u => u.DisplayName == "Ana", Stop)).Email);
        Assert.Equal(2, await scope.Db.AuditEntries.CountAsync(a => a.Action == nameof(AuditAction.UserCreated), Stop));
        Assert.Equal(3, await scope.Db.AuditEntries.CountAsync(a => a.Action == nameof(AuditAction.UserSignedIn), Stop));
    }

    [Fact]
    public async Task Signing_out_ends_the_session_here_and_at_the_provider()
    {
        await using var rig = await Rig.StartAsync(cluster);
        using var browser = rig.Portal.Browser();
        await rig.SignInAsync(browser, "/signin?login_hint=ana");
        var cookies = rig.CookiesOf(browser);

        using var forged = await browser.PostAsync(new Uri("/signout", UriKind.Relative), null, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.NotEqual("nobody", await WhoAsync(browser));

        var location = await Rig.SignOutAsync(browser);
        Assert.StartsWith(rig.Provider.Issuer + "/session/end", location, StringComparison.Ordinal);
        var query = QueryHelpers.ParseQuery(new Uri(location).Query);
        Assert.Equal(3, query["id_token_hint"].ToString().Split('.').Length);
        Assert.Equal(rig.Portal.Address + "/signout-callback-oidc", query["post_logout_redirect_uri"]);
        Assert.Equal("nobody", await WhoAsync(browser));

        // The old cookie is dead too, not only gone from this browser.
        using var thief = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = new Uri(rig.Portal.Address) };
        thief.DefaultRequestHeaders.Add("Cookie", cookies);
        Assert.Equal("nobody", await WhoAsync(thief));

        // The provider asks once more and comes back to a page of ours.
        using var page = await browser.GetAsync(new Uri(location), Stop);
        var html = await page.Content.ReadAsStringAsync(Stop);
        var fields = Inputs().Matches(html).Select(m => KeyValuePair.Create(m.Groups["name"].Value, m.Groups["value"].Value)).Append(KeyValuePair.Create("logout", "yes"));
        using var confirmed = await browser.PostAsync(new Uri(Action().Match(html).Groups["url"].Value), new FormUrlEncodedContent(fields), Stop);
        Assert.StartsWith(rig.Portal.Address + "/signout-callback-oidc", confirmed.Headers.Location!.ToString(), StringComparison.Ordinal);
        using var home = await browser.GetAsync(confirmed.Headers.Location, Stop);
        Assert.Equal("/", home.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Logging_out_at_the_provider_ends_the_sign_in_here_within_two_seconds()
    {
        await using var rig = await Rig.StartAsync(cluster);
        using var browser = rig.Portal.Browser();
        await rig.SignInAsync(browser, "/signin?login_hint=ana");
        Assert.NotEqual("nobody", await WhoAsync(browser));

        using var page = await browser.GetAsync(new Uri($"{rig.Provider.Issuer}/session/end"), Stop);
        var html = await page.Content.ReadAsStringAsync(Stop);
        var fields = Inputs().Matches(html).Select(m => KeyValuePair.Create(m.Groups["name"].Value, m.Groups["value"].Value)).Append(KeyValuePair.Create("logout", "yes"));
        using var confirmed = await browser.PostAsync(new Uri(Action().Match(html).Groups["url"].Value), new FormUrlEncodedContent(fields), Stop);
        await rig.Provider.Process.WaitForLineAsync("backchannel.success", TimeSpan.FromSeconds(5), Stop);
        var began = Stopwatch.GetTimestamp();
        while (await WhoAsync(browser) != "nobody")
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(2), "still signed in after two seconds");
        }
    }

    [Fact]
    public async Task A_disabled_user_is_out_on_both_nodes_within_two_seconds_and_stays_out()
    {
        await using var rig = await Rig.StartAsync(cluster);
        await using var other = await rig.Portal.AnotherNodeAsync(rig.Portal.Database, rig.Provider.Issuer, Ports.Free());
        using var browser = rig.Portal.Browser();
        await rig.SignInAsync(browser, "/signin?login_hint=ana");
        using var second = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = new Uri(other.Address) };
        second.DefaultRequestHeaders.Add("Cookie", rig.CookiesOf(browser));
        var user = UserId.From(Guid.Parse((await WhoAsync(browser)).Split(' ')[0]));
        Assert.StartsWith(user.ToString(), await WhoAsync(second), StringComparison.Ordinal);

        Assert.Equal(UserChange.Done, await rig.Portal.Users.DisableAsync(user, Actor.CommandLine, Stop));
        var began = Stopwatch.GetTimestamp();
        Assert.Equal("nobody", await WhoAsync(browser));
        while (await WhoAsync(second) != "nobody")
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(2), "still signed in after two seconds");
        }

        var (status, page) = await rig.TrySignInAsync(browser, "/signin?login_hint=ana");
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("disabled", page, StringComparison.Ordinal);
        Assert.Equal(UserChange.Done, await rig.Portal.Users.EnableAsync(user, Actor.CommandLine, Stop));
        Assert.Equal("nobody", await WhoAsync(browser));
        await rig.SignInAsync(browser, "/signin?login_hint=ana");
        Assert.StartsWith(user.ToString(), await WhoAsync(browser), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_callback_is_good_once_in_the_browser_that_began_it()
    {
        await using var rig = await Rig.StartAsync(cluster);
        using var browser = rig.Portal.Browser();
        using var victim = rig.Portal.Browser();
        var callback = await rig.CallbackAsync(browser, "/signin?login_hint=ana");

        using var elsewhere = await victim.GetAsync(callback, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, elsewhere.StatusCode);
        Assert.Equal("nobody", await WhoAsync(victim));

        var tampered = callback.AbsoluteUri.Replace(Uri.EscapeDataString(rig.Provider.Issuer), Uri.EscapeDataString("https://evil.example"), StringComparison.Ordinal);
        Assert.NotEqual(callback.AbsoluteUri, tampered);
        using var mixedUp = await browser.GetAsync(new Uri(tampered), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, mixedUp.StatusCode);
        using var without = await browser.GetAsync(new Uri(QueryHelpers.AddQueryString(rig.Portal.Address + "/signin-oidc",
            QueryHelpers.ParseQuery(callback.Query).Where(p => p.Key != "iss").ToDictionary(p => p.Key, p => (string?)p.Value))), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);

        using var first = await browser.GetAsync(callback, Stop);
        Assert.Equal(HttpStatusCode.Found, first.StatusCode);
        using var replay = await browser.GetAsync(callback, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, replay.StatusCode);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/ok\n//evil")]
    public async Task A_foreign_return_address_becomes_home(string target)
    {
        await using var rig = await Rig.StartAsync(cluster);
        using var browser = rig.Portal.Browser();
        Assert.Equal("/", await rig.SignInAsync(browser, $"/signin?login_hint=ana&returnUrl={Uri.EscapeDataString(target)}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b.c")]
    [InlineData("not a token")]
    public async Task A_logout_token_that_is_none_is_refused(string token)
    {
        await using var rig = await Rig.StartAsync(cluster);
        using var browser = rig.Portal.Browser();
        using var answer = await browser.PostAsync(new Uri("/backchannel-logout", UriKind.Relative), new FormUrlEncodedContent([KeyValuePair.Create("logout_token", token)]), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("invalid_request", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    private static Task<string> WhoAsync(HttpClient browser) => browser.GetStringAsync(new Uri("/test/whoami", UriKind.Relative), Stop);

    [GeneratedRegex("""<input[^>]*name="(?<name>[^"]+)"[^>]*value="(?<value>[^"]*)"[^>]*>""", RegexOptions.None, 1000)]
    private static partial Regex Inputs();

    [GeneratedRegex("""action="(?<url>[^"]+)" """, RegexOptions.IgnorePatternWhitespace, 1000)]
    private static partial Regex Action();

    private sealed class Rig(PortalHost portal, PeerProvider provider) : IAsyncDisposable
    {
        public PortalHost Portal => portal;

        public PeerProvider Provider => provider;

        public static async Task<Rig> StartAsync(PostgresCluster cluster, string authentication = "client_secret_basic", string algorithm = "RS256", bool conform = true)
        {
            var port = Ports.Free();
            var provider = await PeerProvider.StartAsync($"http://127.0.0.1:{port}", authentication, algorithm, conform);
            return new Rig(await PortalHost.StartAsync(cluster, provider.Issuer, port, ("Oidc:ClientAuthentication", authentication == "client_secret_post" ? "Post" : "Auto")), provider);
        }

        /// <summary>Follows redirects up to the callback address and does not open that.</summary>
        public async Task<Uri> CallbackAsync(HttpClient browser, string path)
        {
            var url = new Uri(new Uri(portal.Address), path);
            for (var i = 0; i < 12; i++)
            {
                using var answer = await browser.GetAsync(url, Stop);
                Assert.True(answer.Headers.Location is not null, $"{url} answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Stop)}\n{provider.Process.Output()}");
                url = new Uri(url, answer.Headers.Location);
                if (url.AbsolutePath == "/signin-oidc")
                {
                    return url;
                }
            }

            throw new InvalidOperationException("The sign-in never came back.");
        }

        public async Task<(HttpStatusCode Status, string Page)> TrySignInAsync(HttpClient browser, string path)
        {
            using var answer = await browser.GetAsync(await CallbackAsync(browser, path), Stop);
            return (answer.StatusCode, answer.Headers.Location?.OriginalString ?? await answer.Content.ReadAsStringAsync(Stop));
        }

        /// <returns>Where the portal sends the person after the sign-in.</returns>
        public async Task<string> SignInAsync(HttpClient browser, string path)
        {
            var (status, page) = await TrySignInAsync(browser, path);
            Assert.True(status == HttpStatusCode.Found, page);
            return page;
        }

        public static async Task<string> SignOutAsync(HttpClient browser)
        {
            var token = await browser.GetStringAsync(new Uri("/test/token", UriKind.Relative), Stop);
            using var answer = await browser.PostAsync(new Uri("/signout", UriKind.Relative), new FormUrlEncodedContent([KeyValuePair.Create("__RequestVerificationToken", token)]), Stop);
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
            return answer.Headers.Location!.OriginalString;
        }

        public string CookiesOf(HttpClient browser) => PortalHost.Cookies(browser, portal.Address);

        public async ValueTask DisposeAsync()
        {
            await portal.DisposeAsync();
            await provider.DisposeAsync();
        }
    }
}
