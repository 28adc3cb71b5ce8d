using McpPortal.Calls;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Injection;

public sealed class SearchTests(PostgresCluster cluster) : PageTest(cluster)
{
    [Theory]
    [InlineData("'; drop table tool_calls; --")]
    [InlineData("' or 'a' = 'a")]
    [InlineData("%")]
    [InlineData("_")]
    [InlineData("\\")]
    [InlineData("$1 {0} :name @p0")]
    [InlineData("*)(uid=*")]
    [InlineData("$.tool[?(@)]")]
    [InlineData("nul\0")]
    [InlineData("\ud800")]
    public async Task INJ_7_Words_that_are_searched_for_are_words(string text)
    {
        await AddAsync(Call(Ana, DateTimeOffset.UnixEpoch, "list_all"));
        var queries = new ActivityQueries(Database);

        Assert.Equal(text is "_" ? 1 : 0, (await queries.ListAsync(Ana, new ActivityFilter(Text: text), [], 60, Stop)).Count);
        Assert.Empty(await queries.ListAsync(Ana, new ActivityFilter(Server: text), [], 60, Stop));
        Assert.Single(await queries.ListAsync(Ana, ActivityFilter.None, [], 60, Stop));
    }
}
