using Bunit;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Calls;

public sealed class ActivityPageTests(PostgresCluster cluster) : PageTest(cluster)
{
    [Fact]
    public async Task Without_calls_it_says_what_it_is_for()
    {
        var page = Show(Database);

        await page.EventuallyAsync(() => Assert.Equal("/console", page.Find(".empty a").GetAttribute("href")));
        Assert.Empty(page.FindAll("table"));
    }

    [Fact]
    public async Task One_call_is_shown_with_account_and_sentence_and_a_new_one_appears_by_itself()
    {
        await AddAsync(Call(Ana, Clock.GetUtcNow().AddMinutes(-1), "send_email", result: CallResult.NeedsConnection, account: "ana@sandbox.test"), Call(Ben, Clock.GetUtcNow(), "bens"));
        var page = Show(Database);

        await page.EventuallyAsync(() => Assert.Single(page.FindAll("tbody tr")));
        var row = page.Find("tbody tr");
        Assert.Contains("send_email", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("ana@sandbox.test", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("Needs connection", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("It did not work.", row.TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("bens", page.Markup, StringComparison.Ordinal);

        await AddAsync(Call(Ana, Clock.GetUtcNow(), "list_emails"));
        Clock.Advance(TimeSpan.FromSeconds(3));

        await page.EventuallyAsync(() => Assert.Contains("list_emails", page.Find("tr.fresh").TextContent, StringComparison.Ordinal));
        Assert.Equal(2, page.FindAll("tbody tr").Count);
    }

    [Fact]
    public async Task Five_hundred_calls_come_in_pages_and_a_filter_keeps_the_fields()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(i => Call(Ana, Clock.GetUtcNow().AddSeconds(-i), $"tool-{i:000}", i % 50 == 0 ? "github" : "email")));
        var page = Show(Database);
        await page.EventuallyAsync(() => Assert.Equal(ActivityFeed.PageSize, page.FindAll("tbody tr").Count));

        for (var rows = ActivityFeed.PageSize; rows < 500; rows = Math.Min(500, rows + ActivityFeed.PageSize))
        {
            await page.PressAsync(".more button");
            await page.EventuallyAsync(() => Assert.Equal(Math.Min(500, rows + ActivityFeed.PageSize), page.FindAll("tbody tr").Count));
        }

        Assert.Empty(page.FindAll(".more button"));
        await page.ChooseAsync("select[aria-label=Server]", "github");
        await page.EventuallyAsync(() => Assert.Equal(10, page.FindAll("tbody tr").Count));
        await page.ChooseAsync("input[type=search]", "no such thing");
        await page.EventuallyAsync(() => Assert.Contains("No call fits these filters.", page.Markup, StringComparison.Ordinal));
        Assert.NotNull(page.Find("select[aria-label=Server]"));
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        var page = Show(DeafDatabase);

        await page.EventuallyAsync(() => Assert.Contains("Your calls could not be loaded.", page.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    private IRenderedComponent<ActivityPage> Show(PortalDatabase database)
    {
        SignIn(Ana);
        Use(new ActivityQueries(database));
        Use(Portal.Get<ServerCatalog>());
        return Open<ActivityPage>();
    }
}
