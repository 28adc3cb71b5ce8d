using System.Net;
using System.Text.RegularExpressions;
using McpPortal.Data;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sandbox;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Connections;

/// <summary>The whole way of a browser, through the real portal and the sandbox.</summary>
public sealed partial class ConnectPagesTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_reads_what_is_asked_posts_and_comes_back_connected()
    {
        await using var sandbox = await SandboxHost.StartAsync(options => options.AutoConsent = true);
        await using var portal = await PortalAsync(sandbox);
        await AddServerAsync(portal);
        using var browser = portal.Browser();
        await FollowAsync(browser, new Uri("/signin?login_hint=ana&returnUrl=%2Fconnections", UriKind.Relative));

        using var page = await browser.GetAsync(new Uri("/connect/github?server=tools", UriKind.Relative), Stop);
        var html = await page.Content.ReadAsStringAsync(Stop);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("read and change your repositories", html, StringComparison.Ordinal);
        Assert.Contains("https://tools.example:443", html, StringComparison.Ordinal);
        Assert.Contains("Continue to GitHub", html, StringComparison.Ordinal);
        Assert.Contains($"form-action 'self' {sandbox.Address}", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.False((await sandbox.StatsAsync()).Requests.ContainsKey("github/authorize"));

        var target = WebUtility.HtmlDecode(TargetPattern().Match(html).Groups["value"].Value);
        using var forged = await browser.PostAsync(new Uri("/connect/github", UriKind.Relative), SandboxHost.Form(("target", target)), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        using var moved = await browser.PostAsync(
            new Uri("/connect/github", UriKind.Relative), SandboxHost.Form(("__RequestVerificationToken", Token(html)), ("target", target.Replace("tools.example", "evil.example", StringComparison.Ordinal))), Stop);
        Assert.Equal(HttpStatusCode.Conflict, moved.StatusCode);

        using var start = await browser.PostAsync(new Uri("/connect/github", UriKind.Relative), SandboxHost.Form(("__RequestVerificationToken", Token(html)), ("target", target)), Stop);
        Assert.Equal(HttpStatusCode.Found, start.StatusCode);
        Assert.StartsWith($"{sandbox.Address}/github/login/oauth/authorize?", start.Headers.Location!.AbsoluteUri, StringComparison.Ordinal);
        var back = await FollowAsync(browser, new Uri(start.Headers.Location.AbsoluteUri + "&login_hint=ana"));

        Assert.Equal("/connections?connected=github", back);
        await using var scope = await portal.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop);
        Assert.Equal("ana-dev", (await scope.Db.Connections.SingleAsync(Stop)).Account);
        Assert.Equal("https://tools.example:443", (await scope.Db.ServerCredentials.SingleAsync(Stop)).Destination);
        using var list = await browser.GetAsync(new Uri("/connections", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.OK, list.StatusCode);
    }

    [Theory]
    [InlineData("/connect/unknown", HttpStatusCode.NotFound)]
    [InlineData("/connect/github?reconnect=00000000-0000-0000-0000-000000000001", HttpStatusCode.NotFound)]
    [InlineData("/connect/github/callback?state=made-up&code=made-up", HttpStatusCode.BadRequest)]
    [InlineData("/connect/github/callback", HttpStatusCode.BadRequest)]
    public async Task What_is_not_there_or_was_not_begun_is_refused(string path, HttpStatusCode expected)
    {
        await using var sandbox = await SandboxHost.StartAsync(options => options.AutoConsent = true);
        await using var portal = await PortalAsync(sandbox);
        using var browser = portal.Browser();
        await FollowAsync(browser, new Uri("/signin?login_hint=ana", UriKind.Relative));

        using var answer = await browser.GetAsync(new Uri(path, UriKind.Relative), Stop);

        Assert.Equal(expected, answer.StatusCode);
        Assert.False((await sandbox.StatsAsync()).Requests.ContainsKey("github/token"));
    }

    private Task<PortalHost> PortalAsync(SandboxHost sandbox) => PortalHost.StartAsync(
        cluster, sandbox.Address, Ports.Free(),
        ("Providers:github:ClientId", sandbox.Options.GitHub.Id),
        ("Providers:github:ClientSecret", sandbox.Options.GitHub.Secret),
        ("Providers:github:AuthorizationEndpoint", $"{sandbox.Address}/github/login/oauth/authorize"),
        ("Providers:github:TokenEndpoint", $"{sandbox.Address}/github/login/oauth/access_token"),
        ("Providers:github:RevocationEndpoint", $"{sandbox.Address}/github/api/applications/{{client_id}}/grant"),
        ("Providers:github:UserInfoEndpoint", $"{sandbox.Address}/github/api/user"));

    private static async Task AddServerAsync(PortalHost portal)
    {
        await using var scope = await portal.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop);
        var server = new Server
        {
            Slug = "tools",
            Name = "Tools",
            Transport = ServerTransport.Http,
            Url = "https://tools.example/mcp",
            Destination = "https://tools.example:443",
            Credentials = [ConnectionsRig.GitHub],
        };
        scope.Db.Servers.Add(server);
        scope.Db.ServerAccess.Add(new ServerAccess { ServerId = server.Id, Subject = AccessSubject.Everyone });
        await scope.CommitAsync(Stop);
    }

    /// <summary>Follows redirects to the last one that stays in the portal.</summary>
    private static async Task<string> FollowAsync(HttpClient browser, Uri address)
    {
        for (var hop = 0; hop < 8; hop++)
        {
            using var response = await browser.GetAsync(address, Stop);
            if (response.StatusCode != HttpStatusCode.Found)
            {
                return $"{(int)response.StatusCode} {address} {await response.Content.ReadAsStringAsync(Stop)}";
            }

            address = new Uri(new Uri(browser.BaseAddress!, address), response.Headers.Location!);
            if (address.AbsolutePath is "/" or "/connections")
            {
                return address.PathAndQuery;
            }
        }

        return "too many redirects";
    }

    private static string Token(string html) => TokenPattern().Match(html).Groups["value"].Value;

    [GeneratedRegex("""name="target" value="(?<value>[^"]+)" checked""", RegexOptions.None, 1000)]
    private static partial Regex TargetPattern();

    [GeneratedRegex("""name="__RequestVerificationToken" value="(?<value>[^"]+)""", RegexOptions.None, 1000)]
    private static partial Regex TokenPattern();
}
