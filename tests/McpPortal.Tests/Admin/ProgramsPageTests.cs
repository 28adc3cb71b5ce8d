using Bunit;
using McpPortal.Admin;
using McpPortal.Audit;
using McpPortal.Clients.ActAs;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Vault;

namespace McpPortal.Tests.Admin;

public sealed class ProgramsPageTests(PostgresCluster cluster) : PageTest(cluster)
{
    private UserId _admin;
    private GroupId _group;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _admin = await Portal.AddUserAsync("cara", Roles.Admin);
        _group = await Portal.AddGroupAsync("Team", Ana);
    }

    [Fact]
    public async Task Whoever_is_no_administrator_in_the_database_sees_and_changes_nothing()
    {
        var id = await KeyAsync();
        var auditor = await Portal.AddUserAsync("auditor", Roles.Auditor);
        var former = await Portal.AddUserAsync("former", Roles.Admin, UserStatus.Disabled);
        foreach (var actor in (UserId[])[Ana, auditor, former, UserId.New()])
        {
            Assert.Null(await Programs().ListAsync(actor, Stop));
            Assert.Null(await Programs().CreateAsync(actor, "mine", _group, null, Stop));
            Assert.False(await Programs().RevokeAsync(actor, id, Stop));
        }

        Assert.Single((await Programs().ListAsync(_admin, Stop))!.Keys);
    }

    [Fact]
    public async Task A_role_that_was_taken_away_shows_nothing_though_the_page_still_believes_in_it()
    {
        await KeyAsync();
        var page = Show(Programs(), Ana);

        await page.EventuallyAsync(() => Assert.Contains("Not open to you", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("Night job", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_made_for_a_group_shown_once_and_revoked()
    {
        var page = Show(Programs(), _admin);
        await page.EventuallyAsync(() => page.Find(".empty"));

        await page.PressAsync(".page-actions button");
        await page.EventuallyAsync(() => page.Find("#create-service-key"));
        await page.SendAsync("#create-service-key");
        await page.EventuallyAsync(() => Assert.Contains("Name the program", page.Find("#service-key-fault").TextContent, StringComparison.Ordinal));
        await page.TypeAsync("#create-service-key input", "Night job");
        await page.SendAsync("#create-service-key");
        await page.EventuallyAsync(() => Assert.Contains("Choose the group", page.Find("#service-key-fault").TextContent, StringComparison.Ordinal));
        await page.ChooseAsync(() => page.FindAll("#create-service-key select")[0], _group.ToString());
        await page.SendAsync("#create-service-key");
        await page.EventuallyAsync(() => page.Find("dialog[data-sticky] code"));
        var text = page.Find("dialog[data-sticky] code").TextContent;

        var holder = await Keys(Database).VerifyAsync(text, Stop);
        Assert.Equal(("Night job", _group), (holder!.Name, holder.Group));
        await page.PressAsync("dialog[data-sticky] .modal-actions button");
        await page.EventuallyAsync(() => Assert.Contains("allowed by nobody yet", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
        Assert.DoesNotContain(text, page.Markup, StringComparison.Ordinal);

        await page.PressAsync("li.row button");
        await page.EventuallyAsync(() => Assert.Contains("within two seconds", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);
        await page.EventuallyAsync(() => page.Find(".empty"));
        Assert.Null(await Keys(Database).VerifyAsync(text, Stop));
    }

    [Fact]
    public async Task Five_hundred_keys_come_in_portions_and_can_be_searched()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(i => new ServiceKey { Id = $"k{i}", Name = $"program number {i:000}", Hash = new byte[32], GroupId = _group, CreatedAt = Clock.GetUtcNow(), ExpiresAt = Clock.GetUtcNow().AddDays(i - 1) }));
        var page = Show(Programs(), _admin);
        await page.EventuallyAsync(() => Assert.Equal(60, page.FindAll("li.row").Count));

        await page.TypeAsync("input[type=search]", "number 000");
        await page.EventuallyAsync(() => Assert.Contains("Expired", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
        Assert.Null(await Programs().CreateAsync(_admin, "one more", _group, null, Stop));
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        var page = Show(Programs(DeafDatabase), _admin);

        await page.EventuallyAsync(() => Assert.Contains("The programs could not be loaded.", page.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    private async Task<string> KeyAsync()
    {
        await Portal.Get<ServiceKeys>().CreateAsync("Night job", _group, null, Actor.CommandLine, Stop);
        return Assert.Single(await Portal.Get<ServiceKeys>().ListAsync(Stop)).Id;
    }

    private ServiceKeys Keys(PortalDatabase database) => new(database, Portal.Get<Fingerprints>(), Portal.Get<AuditLog>(), Portal.Invalidations, Clock);

    private ProgramsAdmin Programs(PortalDatabase? database = null) => new(Keys(database ?? Database), new RoleCheck(database ?? Database));

    private IRenderedComponent<ProgramsPage> Show(ProgramsAdmin programs, UserId actor)
    {
        SignIn(actor, Roles.Admin);
        Use(programs);
        return Open<ProgramsPage>();
    }
}
