using Bunit;
using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace McpPortal.Tests.Accounts;

public sealed class ProfilePageTests(PostgresCluster cluster) : PageTest(cluster)
{
    private const string Firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

    [Fact]
    public async Task It_shows_the_person_and_marks_this_browser()
    {
        await AddAsync(new Identity { Issuer = "https://login.example", Subject = "ana-1", UserId = Ana }, new Identity { Issuer = "https://login.example", Subject = "ben-1", UserId = Ben });
        var mine = SignedIn(Ana);
        await AddAsync(mine, SignedIn(Ben));
        var page = Show(Database, mine.Id);

        await page.EventuallyAsync(() => Assert.Contains("This browser", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
        Assert.Contains("Firefox on Windows", page.Markup, StringComparison.Ordinal);
        Assert.Contains("ana@sandbox.test", page.Markup, StringComparison.Ordinal);
        Assert.Contains("ana-1", page.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("ben-1", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_open_sign_in_the_list_says_so()
    {
        var page = Show(Database, null);

        await page.EventuallyAsync(() => Assert.Contains("0 sign-ins", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ending_the_others_leaves_this_browser_and_other_people_signed_in()
    {
        var (mine, bens) = (SignedIn(Ana), SignedIn(Ben));
        await AddAsync([mine, bens, .. Enumerable.Range(0, 3).Select(_ => SignedIn(Ana))]);
        var page = Show(Database, mine.Id);
        await page.EventuallyAsync(() => Assert.Equal(4, page.FindAll("li.row").Count));

        await page.PressAsync(".section-head button");
        await page.EventuallyAsync(() => Assert.Contains("3 browsers are", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);

        await page.EventuallyAsync(() => Assert.Single(page.FindAll("li.row")));
        await using var scope = await Database.ForSystemAsync(Stop);
        Assert.Equal(new[] { mine.Id, bens.Id }.ToHashSet(), (await scope.Db.SignInSessions.Where(s => s.EndedAt == null).Select(s => s.Id).ToListAsync(Stop)).ToHashSet());
        Assert.Equal(3, await scope.Db.AuditEntries.CountAsync(a => a.Action == nameof(AuditAction.UserSignedOut) && a.ActorId == Ana, Stop));
    }

    [Fact]
    public async Task Nobody_sees_or_ends_the_sign_in_of_another()
    {
        var bens = SignedIn(Ben);
        await AddAsync(bens);

        Assert.Empty((await Profile(Database).GetAsync(Ana, Stop)).SignIns);
        Assert.False(await Profile(Database).EndAsync(Ana, bens.Id, Stop));
        Assert.Single((await Profile(Database).GetAsync(Ben, Stop)).SignIns);
    }

    [Fact]
    public async Task Five_hundred_sign_ins_stay_readable()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(_ => SignedIn(Ana)));
        var page = Show(Database, null);

        await page.EventuallyAsync(() => Assert.Equal(60, page.FindAll("li.row").Count));
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        var page = Show(DeafDatabase, null);

        await page.EventuallyAsync(() => Assert.Contains("Your profile could not be loaded.", page.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Firefox, "Firefox on Windows")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Linux")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone")]
    [InlineData("curl/8.0", "curl/8.0")]
    [InlineData(null, "Unknown browser")]
    public void A_browser_is_named_as_people_call_it(string? userAgent, string name) => Assert.Equal(name, BrowserName.Of(userAgent));

    private static SignInSession SignedIn(UserId user) => new()
    {
        UserId = user, Issuer = "https://login.example", CreatedAt = TimeProvider.System.GetUtcNow(), ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(8), UserAgent = Firefox,
    };

    private MyProfile Profile(PortalDatabase database) => new(
        database,
        new SignIns(database, Portal.Get<AuditLog>(), Portal.Invalidations, TimeProvider.System, Options.Create(new OidcSettings()), Options.Create(new AccountsOptions())),
        TimeProvider.System);

    private IRenderedComponent<MyAccount> Show(PortalDatabase database, SignInSessionId? session)
    {
        SignIn(Ana, session: session);
        Use(Profile(database));
        return Open<MyAccount>();
    }
}
