using System.Net;
using McpPortal.Clients.ActAs;
using McpPortal.Clients.OAuth;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Attacks.Auth;

/// <summary>The whole table of routes, asked without any credential.</summary>
public sealed class RouteTableTests(PostgresCluster cluster) : IAsyncLifetime
{
    /// <summary>What strangers may open; everything else asks who they are.</summary>
    private static readonly string[] Public =
    [
        "/", "/error", "/not-allowed", "/not-found", "/signed-out",
        "/signin", "/signout", "/backchannel-logout",
        "/healthz", "/readyz", "/openapi/{documentName}.json",
        "/register", "/revoke", "/token", "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource/mcp/{server}",
        "/.well-known/oauth-protected-resource/mcp/set/{toolset}",
        "/_framework/opaque-redirect", "{**path:file}",
    ];

    private static readonly HttpMethod[] Verbs = [HttpMethod.Get, HttpMethod.Head, HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete, HttpMethod.Options, new("PROPFIND")];
    private HandlerRig _rig = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private IEnumerable<RouteEndpoint> Routes => _rig.Portal.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(route => !route.RoutePattern.RawText!.StartsWith("/test/", StringComparison.Ordinal) && route.Metadata.GetMetadata<StaticAssetDescriptor>() is null);

    public async ValueTask InitializeAsync() => _rig = await HandlerRig.StartAsync(cluster);

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public void AUTH_1_The_routes_that_strangers_may_open_are_these_and_no_others()
    {
        var open = Routes.Where(IsOpen).Select(route => route.RoutePattern.RawText!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

        Assert.Equal(Public.Order(StringComparer.Ordinal), open);
    }

    [Fact]
    public async Task AUTH_1_Every_other_route_refuses_strangers_whatever_the_verb()
    {
        var asked = 0;
        foreach (var path in Routes.Where(route => !IsOpen(route)).Select(PathOf).Distinct(StringComparer.Ordinal))
        {
            foreach (var verb in Verbs)
            {
                foreach (var accept in (string[])["text/html", "application/json"])
                {
                    using var request = new HttpRequestMessage(verb, new Uri(_rig.Portal.Address + path)) { Headers = { { "Accept", accept } } };
                    using var response = await _rig.Bare.SendAsync(request, Stop);
                    var refused = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed
                        || (response.StatusCode == HttpStatusCode.Found && response.Headers.Location!.OriginalString.StartsWith("/signin?returnUrl=", StringComparison.Ordinal));
                    Assert.True(refused, $"{verb} {path} ({accept}) answered {(int)response.StatusCode} {response.Headers.Location}");
                    asked++;
                }
            }
        }

        Assert.True(asked > 200, $"Only {asked} requests: is the route table there?");
    }

    [Fact]
    public async Task BLZ_9_Every_form_that_changes_something_asks_for_its_antiforgery_token()
    {
        using var browser = _rig.Portal.Browser();
        Assert.Equal(HttpStatusCode.Found, (await HandlerRig.SignInAsync(browser)).Status);
        var posts = Routes.Where(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("POST") != false)
            .Where(route => route.Metadata.GetOrderedMetadata<AuthorizationPolicy>().All(policy => !policy.AuthenticationSchemes.Contains(ServiceKeyHandler.RestSchemeName) && !policy.AuthenticationSchemes.Contains(ClientTokenHandler.EitherSchemeName)))
            .Select(route => route.RoutePattern.RawText!)
            // Clients come without a browser, and with what only they know. The provider comes without a browser and proves itself by a signed token; circuits have no forms; what remains answers every verb and changes nothing.
            .Except(["/register", "/revoke", "/token", "/backchannel-logout", "/error", "/healthz", "/readyz", "{**path:file}", "/_framework/opaque-redirect"])
            .Where(path => !path.StartsWith("/_blazor", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        Assert.Contains("/signout", posts);
        Assert.Contains("/connect/{provider}", posts);
        foreach (var path in posts)
        {
            using var answer = await browser.PostAsync(new Uri(path.Replace("{provider}", "google", StringComparison.Ordinal).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal), UriKind.Relative), new FormUrlEncodedContent([new("x", "y")]), Stop);
            Assert.True(answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotFound or HttpStatusCode.Forbidden, $"{path} answered {(int)answer.StatusCode}");
        }

        Assert.NotEqual("nobody", await HandlerRig.WhoAsync(browser));
    }

    [Fact]
    public async Task BLZ_8_No_page_may_be_framed_or_run_a_script_that_stands_in_it()
    {
        var (cookies, _) = await _rig.PersonAsync("subject-1");
        var pages = Routes.Select(PathOf).Distinct(StringComparer.Ordinal).Where(path => !path.StartsWith("/_", StringComparison.Ordinal)).ToList();
        foreach (var path in pages)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_rig.Portal.Address + path)) { Headers = { { "Accept", "text/html" }, { "Cookie", cookies } } };
            using var response = await _rig.Bare.SendAsync(request, Stop);
            var policy = response.Headers.GetValues("Content-Security-Policy").Single().Split("; ");
            Assert.Contains("frame-ancestors 'none'", policy);
            Assert.Contains("script-src 'self'", policy);
            Assert.Contains("default-src 'none'", policy);
            var html = await response.Content.ReadAsStringAsync(Stop);
            Assert.DoesNotMatch("(?i)<script(?![^>]*\\ssrc=)", html);
            Assert.DoesNotMatch("(?i)\\son[a-z]+=", html.Replace("content=", "", StringComparison.Ordinal));
        }

        Assert.True(pages.Count > 20, $"Only {pages.Count} pages.");
    }

    private static bool IsOpen(RouteEndpoint route) =>
        route.Metadata.GetMetadata<IAllowAnonymous>() is not null || (route.Metadata.GetMetadata<IAuthorizeData>() is null && route.Metadata.GetMetadata<AuthorizationPolicy>() is null);

    private static string PathOf(RouteEndpoint route) =>
        "/" + string.Join('/', route.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternSeparatorPart separator => separator.Content,
            _ => "x",
        }))));
}
