using Bunit;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Clients.ActAs;
using McpPortal.Data;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Clients.ActAs;

public sealed class ActingProgramsTests(PostgresCluster cluster) : PageTest(cluster)
{
    [Fact]
    public async Task A_program_is_off_until_its_person_switches_it_on_and_off_again()
    {
        var group = await Portal.AddGroupAsync("Team", Ana);
        var other = await Portal.AddGroupAsync("Others", Ben);
        await KeyAsync("Night job", group);
        await KeyAsync("Of others", other);
        var page = Show();
        await page.EventuallyAsync(() => Assert.Contains("Night job", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
        Assert.False(page.Find("input[role=switch]").HasAttribute("checked"));

        foreach (var allowed in (bool[])[true, false])
        {
            await page.InvokeAsync(() => page.Find("input[role=switch]").Change(allowed));
            await page.EventuallyAsync(() => Assert.Equal(allowed, page.Find("input[role=switch]").HasAttribute("checked")));
            Assert.Equal(allowed, Assert.Single(await Portal.Get<ActAsConsents>().ListAsync(Ana, Stop)).AllowedSince is not null);
        }

        Assert.Null(Assert.Single(await Portal.Get<ActAsConsents>().ListAsync(Ben, Stop)).AllowedSince);
    }

    [Fact]
    public async Task Without_programs_it_says_where_they_come_from()
    {
        var page = Show();

        await page.EventuallyAsync(() => Assert.Contains("None asks.", page.Markup, StringComparison.Ordinal));
    }

    private async Task<string> KeyAsync(string name, GroupId group)
    {
        Assert.True(AccessKeyText.TryParse((await Portal.Get<ServiceKeys>().CreateAsync(name, group, null, Actor.CommandLine, Stop))!, ServiceKeys.Prefix, out var id));
        return id;
    }

    private IRenderedComponent<ActingPrograms> Show()
    {
        SignIn(Ana);
        Use(Portal.Get<ActAsConsents>());
        return Open<ActingPrograms>();
    }
}
