using Bunit;
using McpPortal.Admin;
using McpPortal.Data;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Admin;

public sealed class DashboardTests(PostgresCluster cluster) : PageTest(cluster)
{
    private UserId _auditor;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _auditor = await Portal.AddUserAsync("cara", Roles.Auditor);
    }

    [Fact]
    public async Task Whoever_is_neither_administrator_nor_auditor_in_the_database_sees_nothing()
    {
        var former = await Portal.AddUserAsync("former", Roles.Admin, UserStatus.Disabled);
        using var queries = Queries(Database);

        Assert.NotNull(await queries.GetAsync(_auditor, DashboardPeriod.Hour, Stop));
        Assert.Null(await queries.GetAsync(Ana, DashboardPeriod.Hour, Stop));
        Assert.Null(await queries.GetAsync(former, DashboardPeriod.Hour, Stop));
    }

    [Fact]
    public async Task Figures_are_those_of_the_period_and_of_the_one_before()
    {
        var now = Clock.GetUtcNow();
        await AddAsync(Enumerable.Range(1, 100).Select(i => Call(i <= 70 ? Ana : Ben, now.AddSeconds(-i * 30), server: i <= 90 ? "email" : "github", result: i > 90 ? CallResult.ToolFailed : CallResult.Succeeded, ms: i)));
        await AddAsync(
            Call(Ana, now.AddMinutes(-1), result: CallResult.Cancelled),
            Call(Ana, now.AddMinutes(-1), result: CallResult.Refused, ms: 9999),
            Call(Ben, now.AddMinutes(-90)), Call(Ben, now.AddMinutes(-91), result: CallResult.TimedOut), Call(Ben, now.AddDays(-60)));
        using var queries = Queries(Database);

        var view = (await queries.GetAsync(_auditor, DashboardPeriod.Hour, Stop))!;

        Assert.Equal((102, 11, 2, 1), (view.Calls, view.Errors, view.CallsBefore, view.ErrorsBefore));
        Assert.Equal((2, 7, 0), (view.People, view.LiveSessions, view.NeedPerson));
        // What never reached a server says nothing about how long servers take.
        Assert.Equal(new Latency(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(95), 100), view.Latency);
        Assert.Equal(["github", "email"], view.Slowest.Select(s => s.Slug));
        Assert.Equal([("github", 10, 10), ("email", 92, 1)], view.Failing.Select(s => (s.Slug, s.Calls, s.Errors)));
        Assert.Equal([("ana", 72L), ("ben", 30L)], view.Heaviest.Select(p => (p.Name, p.Calls)));
        Assert.Equal((102, 11), (view.Points.Sum(p => p.Calls), view.Points.Sum(p => p.Errors)));
        Assert.Equal(60, view.Points.Count);
        Assert.Equal(view.Points.Select(p => p.At), view.Points.Select(p => p.At).Order());
    }

    [Theory]
    [InlineData(DashboardPeriod.Day)]
    [InlineData(DashboardPeriod.Week)]
    [InlineData(DashboardPeriod.Month)]
    public async Task Longer_periods_count_what_lies_in_them(DashboardPeriod period)
    {
        var inside = Clock.GetUtcNow() - (period.Length() / 2);
        await AddAsync(Call(Ana, inside, result: CallResult.Unreachable), Call(Ana, Clock.GetUtcNow() - period.Length() - TimeSpan.FromMinutes(5)));
        using var queries = Queries(Database);

        var view = (await queries.GetAsync(_auditor, period, Stop))!;

        Assert.Equal((1, 1, 1), (view.Calls, view.Errors, view.CallsBefore));
        var point = Assert.Single(view.Points, p => p.Calls > 0);
        Assert.InRange(inside.UtcDateTime, point.At, point.At.AddSeconds(period.StepSeconds()));
        Assert.Null(view.Latency);
    }

    [Fact]
    public async Task An_answer_is_shared_until_it_is_too_old()
    {
        using var queries = Queries(Database);
        Assert.Equal(0, (await queries.GetAsync(_auditor, DashboardPeriod.Hour, Stop))!.Calls);
        await AddAsync(Call(Ana, Clock.GetUtcNow()));

        Assert.Equal(0, (await queries.GetAsync(_auditor, DashboardPeriod.Hour, Stop))!.Calls);
        Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(1, (await queries.GetAsync(_auditor, DashboardPeriod.Hour, Stop))!.Calls);
    }

    [Fact]
    public async Task Without_calls_the_page_says_so_and_the_first_one_appears_by_itself()
    {
        using var queries = Queries(Database);
        var page = Show(queries, _auditor);
        await page.EventuallyAsync(() => Assert.Contains("No call was made in this period.", page.Markup, StringComparison.Ordinal));

        await AddAsync(Call(Ana, Clock.GetUtcNow(), server: "vault-demo"));
        Clock.Advance(TimeSpan.FromSeconds(5));

        await page.EventuallyAsync(() => Assert.Contains("vault-demo", page.Markup, StringComparison.Ordinal));
        Assert.Equal(6, page.FindAll(".stats li").Count);
        Assert.StartsWith("1 call and 0 errors in the last 24 h", page.Find("[role=img]").GetAttribute("aria-label"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_hundred_calls_of_many_servers_show_the_first_eight()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(i => Call(Ana, Clock.GetUtcNow().AddSeconds(-i), server: $"server-{i % 50}", result: CallResult.TimedOut)));
        using var queries = Queries(Database);
        var page = Show(queries, _auditor);

        await page.EventuallyAsync(() => Assert.Equal(17, page.FindAll(".ranks li").Count));
        Assert.Contains("500 calls", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        using var queries = Queries(DeafDatabase);
        var page = Show(queries, _auditor);

        await page.EventuallyAsync(() => Assert.Contains("The dashboard could not be loaded.", page.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_member_sees_no_figure_though_the_page_believes_in_a_role()
    {
        using var queries = Queries(Database);
        var page = Show(queries, Ana);

        await page.EventuallyAsync(() => Assert.Contains("Not open to you", page.Markup, StringComparison.Ordinal));
    }

    private DashboardQueries Queries(PortalDatabase database) => new(database, new RoleCheck(database), () => 7, Clock);

    private IRenderedComponent<AdminPage> Show(DashboardQueries queries, UserId who)
    {
        SignIn(who, Roles.Auditor);
        Use(queries);
        // The chart asks the browser how large it is.
        JSInterop.Setup<Radzen.Blazor.Rendering.Rect>(_ => true).SetResult(new Radzen.Blazor.Rendering.Rect { Width = 800, Height = 280 });
        return Open<AdminPage>();
    }
}
