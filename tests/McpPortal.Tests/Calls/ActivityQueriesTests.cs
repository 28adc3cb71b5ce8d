using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Calls;

public sealed class ActivityQueriesTests(PostgresCluster cluster) : PageTest(cluster)
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private ActivityQueries Queries => new(Database);

    [Fact]
    public async Task A_user_sees_only_their_own_calls()
    {
        await AddAsync(Call(Ana, Noon, "mine", "email"), Call(Ben, Noon, "theirs", "github"));

        Assert.Equal("mine", Assert.Single(await Queries.ListAsync(Ana, ActivityFilter.None, [], 60, Stop)).Tool);
        Assert.Equal("theirs", Assert.Single(await Queries.ListAsync(Ben, ActivityFilter.None, [], 60, Stop)).Tool);
        Assert.Equal(["email"], await Queries.ServersAsync(Ana, Stop));
        await Assert.ThrowsAsync<UserNotActiveException>(() => Queries.ListAsync(UserId.New(), ActivityFilter.None, [], 60, Stop));
    }

    [Fact]
    public async Task Pages_hold_every_call_once_even_when_many_began_at_one_moment()
    {
        await AddAsync(Enumerable.Range(0, 250).Select(i => Call(Ana, i is >= 50 and < 200 ? Noon : Noon.AddSeconds(i - 100), $"t{i}")));
        List<ActivityRow> shown = [];
        while (await Queries.ListAsync(Ana, ActivityFilter.None, shown, 60, Stop) is { Count: > 0 } more)
        {
            shown.AddRange(more);
        }

        Assert.Equal(250, shown.Count);
        Assert.Equal(250, shown.Select(row => row.Tool).Distinct().Count());
        Assert.Equal(shown.OrderByDescending(row => row.StartedAt).Select(row => row.StartedAt), shown.Select(row => row.StartedAt));
    }

    [Fact]
    public async Task Filters_narrow_by_server_outcome_time_and_words()
    {
        await AddAsync(
            Call(Ana, Noon, "list_emails", "email", account: "ana@sandbox.test"),
            Call(Ana, Noon.AddHours(-2), "create_issue", "github", CallResult.Refused),
            Call(Ana, Noon.AddHours(-3), "50%_off", "shop"));

        Assert.Equal(["list_emails"], await ToolsAsync(new(Server: "email")));
        Assert.Equal(["create_issue"], await ToolsAsync(new(Result: CallResult.Refused)));
        Assert.Equal(["list_emails", "create_issue"], await ToolsAsync(new(Since: Noon.AddHours(-2))));
        Assert.Equal(["list_emails"], await ToolsAsync(new(Text: "ANA@ emails")));
        Assert.Equal(["50%_off"], await ToolsAsync(new(Text: "%_")));
        Assert.Empty(await ToolsAsync(new(Text: "emails github")));
    }

    [Fact]
    public async Task A_long_call_that_ends_late_takes_its_place_below_newer_ones()
    {
        var feed = new ActivityFeed(Queries, Ana, ActivityFilter.None);
        await AddAsync(Call(Ana, Noon, "new"), Call(Ana, Noon.AddMinutes(-5), "old"));
        await feed.RefreshAsync(Stop);
        Assert.Empty(feed.Fresh);

        var late = Call(Ana, Noon.AddMinutes(-3), "late");
        await AddAsync(late);
        await feed.RefreshAsync(Stop);

        Assert.Equal(["new", "late", "old"], feed.Rows.Select(row => row.Tool));
        Assert.Equal([late.Id], feed.Fresh);
        await feed.RefreshAsync(Stop);
        Assert.Empty(feed.Fresh);
    }

    [Fact]
    public async Task More_new_calls_than_one_page_begin_the_list_again_without_a_gap()
    {
        var feed = new ActivityFeed(Queries, Ana, ActivityFilter.None);
        await AddAsync(Call(Ana, Noon, "first"));
        await feed.RefreshAsync(Stop);
        await AddAsync(Enumerable.Range(1, 100).Select(i => Call(Ana, Noon.AddSeconds(i), $"t{i}")));
        await feed.RefreshAsync(Stop);

        Assert.Equal(ActivityFeed.PageSize, feed.Rows.Count);
        Assert.True(feed.HasMore);
        await feed.MoreAsync(Stop);
        Assert.Equal(101, feed.Rows.Count);
        Assert.Equal("first", feed.Rows[^1].Tool);
        Assert.False(feed.HasMore);
    }

    private async Task<IEnumerable<string>> ToolsAsync(ActivityFilter filter) => (await Queries.ListAsync(Ana, filter, [], 60, Stop)).Select(row => row.Tool);
}
