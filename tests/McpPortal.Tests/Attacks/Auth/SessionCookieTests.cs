using System.Buffers.Text;
using System.Globalization;
using System.Net;
using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using McpPortal.Outbound;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;
using McpPortal.Ui;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpPortal.Tests.Attacks.Auth;

/// <summary>The cookie that says who somebody is, and the token that says that a form is ours.</summary>
public sealed class SessionCookieTests(PostgresCluster cluster) : IAsyncLifetime
{
    private const string Session = "portal-session";
    private HandlerRig _rig = null!;
    private HttpClient _browser = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Cookies => PortalHost.Cookies(_browser, _rig.Portal.Address);

    public async ValueTask InitializeAsync()
    {
        _rig = await HandlerRig.StartAsync(cluster);
        _browser = _rig.Portal.Browser();
        Assert.Equal(HttpStatusCode.Found, (await HandlerRig.SignInAsync(_browser)).Status);
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task AUTH_8_A_cookie_with_any_byte_changed_is_nobodys()
    {
        var cookie = Value(Cookies, Session);
        Assert.NotEqual("nobody", await WhoAsync($"{Session}={cookie}"));
        foreach (var forged in Flipped(cookie).Append(cookie[..^4]).Append(cookie + "AAAA").Append(""))
        {
            Assert.Equal("nobody", await WhoAsync($"{Session}={forged}"));
        }
    }

    [Fact]
    public async Task AUTH_8_A_form_with_any_byte_of_its_token_changed_does_nothing()
    {
        var token = await _browser.GetStringAsync(new Uri("/test/token", UriKind.Relative), Stop);
        var (session, antiforgery) = (Value(Cookies, Session), Value(Cookies, "portal-antiforgery"));
        foreach (var forged in Flipped(token))
        {
            Assert.Equal(HttpStatusCode.BadRequest, await SignOutAsync($"{Session}={session}; portal-antiforgery={antiforgery}", forged));
        }

        foreach (var forged in Flipped(antiforgery))
        {
            Assert.Equal(HttpStatusCode.BadRequest, await SignOutAsync($"{Session}={session}; portal-antiforgery={forged}", token));
        }

        Assert.NotEqual("nobody", await HandlerRig.WhoAsync(_browser));
        Assert.Equal(HttpStatusCode.Found, await SignOutAsync($"{Session}={session}; portal-antiforgery={antiforgery}", token));
        Assert.Equal("nobody", await HandlerRig.WhoAsync(_browser));
    }

    [Fact]
    public async Task AUTH_8_A_cookie_of_another_portal_is_nobodys()
    {
        await using var other = await HandlerRig.StartAsync(cluster);
        using var browser = other.Portal.Browser();
        Assert.Equal(HttpStatusCode.Found, (await HandlerRig.SignInAsync(browser)).Status);

        Assert.Equal("nobody", await WhoAsync(PortalHost.Cookies(browser, other.Portal.Address)));
    }

    [Fact]
    public async Task AUTH_14_Signing_in_gives_a_new_session_and_ends_the_one_that_was_there()
    {
        // An attacker's own session, put into the browser before its owner signs in.
        var (planted, before) = (Cookies, await HandlerRig.WhoAsync(_browser));
        _rig.Provider.Subject = "victim";

        Assert.Equal(HttpStatusCode.Found, (await HandlerRig.SignInAsync(_browser, "/signin?login_hint=victim")).Status);

        var after = await HandlerRig.WhoAsync(_browser);
        Assert.NotEqual(before.Split(' ')[0], after.Split(' ')[0]);
        Assert.NotEqual(before.Split("session=")[1], after.Split("session=")[1]);
        Assert.Equal("nobody", await WhoAsync(planted));
    }

    [Fact]
    public async Task AUTH_14_A_sign_in_ends_when_nobody_used_it_and_when_its_time_is_up()
    {
        var cookies = _rig.Portal.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(PortalPrincipal.SignInScheme);
        Assert.Equal(new AccountsOptions().IdleTimeout, cookies.ExpireTimeSpan);
        Assert.True(cookies.SlidingExpiration);

        var idle = cookies.TicketDataFormat.Unprotect(Value(Cookies, Session))!;
        Assert.NotEqual("nobody", await WhoAsync($"{Session}={cookies.TicketDataFormat.Protect(idle)}"));
        idle.Properties.ExpiresUtc = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        Assert.Equal("nobody", await WhoAsync($"{Session}={cookies.TicketDataFormat.Protect(idle)}"));

        // The cookie would still do; the session behind it has had its time. Another node, because this one remembers.
        using var browser = _rig.Portal.Browser();
        Assert.Equal(HttpStatusCode.Found, (await HandlerRig.SignInAsync(browser)).Status);
        await _rig.SqlAsync("update sign_in_sessions set expires_at = now() + interval '2 seconds' where ended_at is null");
        Assert.NotEqual("nobody", await HandlerRig.WhoAsync(browser));
        await Task.Delay(TimeSpan.FromSeconds(2.2), Stop);
        Assert.Equal("nobody", await HandlerRig.WhoAsync(browser));
    }

    [Fact]
    public async Task AUTH_15_Cookies_are_out_of_reach_for_scripts_and_other_sites()
    {
        using var browser = _rig.Portal.Browser();
        using var start = await browser.GetAsync(new Uri("/signin", UriKind.Relative), Stop);
        using var back = await browser.GetAsync(start.Headers.Location, Stop);
        using var end = await browser.GetAsync(back.Headers.Location, Stop);
        using var token = await browser.GetAsync(new Uri("/test/token", UriKind.Relative), Stop);
        var set = new[] { start, end, token }.SelectMany(a => a.Headers.GetValues("Set-Cookie")).Where(c => !c.Contains("1970", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, set.Count);
        Assert.All(set, cookie => Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase));
        Assert.All(set, cookie => Assert.Matches("(?i)samesite=(lax|strict)", cookie));
        Assert.All(set, cookie => Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void AUTH_15_In_production_cookies_are_bound_to_the_host_and_to_https()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ApplicationName = "McpPortal" });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddOutbound(builder.Configuration);
        builder.Services.AddAccounts(builder.Configuration, builder.Environment);
        builder.Services.AddOidc(builder.Environment);
        builder.Services.AddUi(plainHttp: false);
        using var services = builder.Services.BuildServiceProvider();
        var session = services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(PortalPrincipal.SignInScheme).Cookie;
        var correlation = services.GetRequiredService<IOptionsMonitor<OidcOptions>>().Get(OidcHandler.SchemeName).CorrelationCookie;
        var antiforgery = services.GetRequiredService<IOptions<AntiforgeryOptions>>().Value.Cookie;

        foreach (var cookie in (CookieBuilder[])[session, correlation, antiforgery])
        {
            Assert.StartsWith("__Host-", cookie.Name, StringComparison.Ordinal);
            Assert.Equal(CookieSecurePolicy.Always, cookie.SecurePolicy);
            Assert.True(cookie.HttpOnly);
            Assert.Null(cookie.Domain);
            Assert.Contains(cookie.SameSite, (SameSiteMode[])[SameSiteMode.Lax, SameSiteMode.Strict]);
        }

        Assert.Equal("/", session.Path);
        Assert.Equal("/", correlation.Path);
    }

    private static string Value(string cookies, string name) => cookies.Split("; ").Single(c => c.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    /// <summary>The text once for each byte it encodes, with one bit of that byte changed.</summary>
    private static IEnumerable<string> Flipped(string text)
    {
        var bytes = Base64Url.DecodeFromChars(text);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            yield return Base64Url.EncodeToString(bytes);
            bytes[i] ^= 1;
        }
    }

    private async Task<string> WhoAsync(string cookies)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_rig.Portal.Address + "/test/whoami")) { Headers = { { "Cookie", cookies } } };
        using var response = await _rig.Bare.SendAsync(request, Stop);
        return await response.Content.ReadAsStringAsync(Stop);
    }

    private async Task<HttpStatusCode> SignOutAsync(string cookies, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_rig.Portal.Address + "/signout"))
        {
            Headers = { { "Cookie", cookies } },
            Content = new FormUrlEncodedContent([new("__RequestVerificationToken", token)]),
        };
        using var response = await _rig.Bare.SendAsync(request, Stop);
        return response.StatusCode;
    }
}
