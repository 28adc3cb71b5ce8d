using Bunit;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Clients;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Home;
using McpPortal.Tests.Rig;
using McpPortal.Vault;

namespace McpPortal.Tests.Home;

public sealed class HomeTests(PostgresCluster cluster) : PageTest(cluster)
{
    private readonly Provider _github = new() { Slug = "github", Name = "GitHub", Kind = ProviderKind.GitHub, AuthorizationEndpoint = "https://x.example", TokenEndpoint = "https://x.example", ClientId = "c" };

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await AddAsync(_github);
    }

    [Fact]
    public async Task A_newcomer_sees_what_to_do_first()
    {
        var home = Show(Database);

        await home.EventuallyAsync(() => Assert.Contains("/connections", Steps(home)));
        Assert.Contains("/access", Steps(home));
        Assert.Contains("No account is connected.", home.Markup, StringComparison.Ordinal);
        Assert.Contains("Nothing was called in your name so far.", home.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_needs_its_person_comes_first_and_nothing_of_others_is_shown()
    {
        await AddAsync(Connected(Ana, "fine"), Connected(Ana, "revoked", ConnectionStatus.ReauthRequired, "GitHub refused the token because it was revoked there."), Connected(Ben, "bens"));
        await AddAsync(Enumerable.Range(0, 12).Select(i => Call(Ana, Now.AddMinutes(-i), $"tool-{i:00}")).Append(Call(Ben, Now, "bens-tool")));
        await AddAsync(new AccessKey { Id = "k", UserId = Ana, Name = "k", Hash = new byte[32] });
        var home = Show(Database);

        await home.EventuallyAsync(() => Assert.Equal(2, home.FindAll("ul[aria-label='Your connections'] li").Count));
        var first = home.Find("ul[aria-label='Your connections'] li");
        Assert.Contains("GitHub refused the token because it was revoked there.", first.TextContent, StringComparison.Ordinal);
        Assert.StartsWith("/connect/github", first.QuerySelector("a")!.GetAttribute("href"), StringComparison.Ordinal);
        Assert.Contains("1 connection needs you.", home.Find(".page-sentence").TextContent, StringComparison.Ordinal);
        Assert.Equal(HomeQueries.RecentCalls, home.FindAll("ul[aria-label='Recent calls'] li").Count);
        Assert.Contains("tool-00", home.Find("ul[aria-label='Recent calls'] li").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("bens", home.Markup, StringComparison.Ordinal);
        Assert.Empty(Steps(home));
    }

    [Fact]
    public async Task Five_hundred_connections_show_the_first_and_count_the_rest()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(i => Connected(Ana, $"account-{i}")));
        var home = Show(Database);

        await home.EventuallyAsync(() => Assert.Equal(12, home.FindAll("ul[aria-label='Your connections'] li").Count));
        Assert.Contains("488 more", home.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        var home = Show(DeafDatabase);

        await home.EventuallyAsync(() => Assert.Contains("Your home page could not be loaded.", home.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public void Who_is_not_signed_in_sees_the_open_page()
    {
        AddAuthorization();
        var page = Open<HomePage>();

        Assert.Equal("/signin", page.Find("a.plain-primary").GetAttribute("href"));
    }

    private Connection Connected(UserId user, string account, ConnectionStatus status = ConnectionStatus.Connected, string? error = null) => new()
    {
        OwnerId = user.Value, ProviderId = _github.Id, AccountId = account, Account = account, ClientId = "c", Status = status, LastError = error, ConnectedAt = Now, CreatedAt = Now,
    };

    private IRenderedComponent<MyHome> Show(PortalDatabase database)
    {
        SignIn(Ana);
        var keys = new AccessKeys(database, Portal.Get<Fingerprints>(), Portal.Get<AuditLog>(), Portal.Invalidations, TimeProvider.System, new SingleUserMode(false));
        Use(new HomeQueries(Portal.Get<MyConnections>(), Portal.Get<ProviderDirectory>(), new ActivityQueries(database), keys, TimeProvider.System));
        return Open<MyHome>();
    }

    private static IEnumerable<string?> Steps(IRenderedComponent<MyHome> home) => home.FindAll(".tiles a").Select(a => a.GetAttribute("href"));
}
