using Bunit;
using McpPortal.Accounts;
using McpPortal.Admin;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Admin;

public sealed class UsersPageTests(PostgresCluster cluster) : PageTest(cluster)
{
    private UserId _admin;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _admin = await Portal.AddUserAsync("cara", Roles.Admin);
    }

    [Fact]
    public async Task Whoever_is_no_administrator_in_the_database_sees_and_changes_nothing()
    {
        var auditor = await Portal.AddUserAsync("auditor", Roles.Auditor);
        var former = await Portal.AddUserAsync("former", Roles.Admin, UserStatus.Disabled);
        foreach (var actor in (UserId[])[Ana, auditor, former, UserId.New()])
        {
            Assert.Null(await People(Database).ListAsync(actor, Stop));
            Assert.Null(await People(Database).WhatStopsAsync(actor, Ben, Stop));
            Assert.Null(await People(Database).DisableAsync(actor, Ben, Stop));
            Assert.Null(await People(Database).EnableAsync(actor, former, Stop));
            Assert.Null(await People(Database).GrantAdminAsync(actor, actor, Stop));
            Assert.Null(await People(Database).RevokeAdminAsync(actor, _admin, Stop));
        }

        await using var scope = await Database.ForSystemAsync(Stop);
        Assert.Equal([_admin], await scope.Db.Users.Where(u => u.Status == UserStatus.Active && u.GrantedRoles == Roles.Admin).Select(u => u.Id).ToListAsync(Stop));
        Assert.Empty(await scope.Db.AuditEntries.ToListAsync(Stop));
    }

    [Fact]
    public async Task A_role_that_was_taken_away_shows_nothing_though_the_page_still_believes_in_it()
    {
        var page = Show(Database, Ana);

        await page.EventuallyAsync(() => Assert.Contains("Not open to you", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("ben@sandbox.test", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disabling_says_what_stops_and_the_last_administrator_stays()
    {
        await AddAsync(new SignInSession { UserId = Ben, Issuer = "x", CreatedAt = Clock.GetUtcNow(), ExpiresAt = Clock.GetUtcNow().AddHours(1) });
        await AddAsync(Enumerable.Range(0, 2).Select(i => new AccessKey { Id = $"k{i}", UserId = Ben, Name = "k", Hash = new byte[32] }));
        var page = Show(Database, _admin);
        await page.EventuallyAsync(() => Assert.Equal(3, page.FindAll("li.row").Count));

        await PressAsync(page, "ben", "Disable");
        await page.EventuallyAsync(() => Assert.Contains("1 sign-in ends, 2 access keys stop working.", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);
        await page.EventuallyAsync(() => Assert.Contains("Disabled", Badges(page, "ben"), StringComparison.Ordinal));

        await PressAsync(page, "cara", "Disable");
        await page.EventuallyAsync(() => Assert.Contains("Disable cara?", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);
        await page.EventuallyAsync(() => Assert.Contains("cara is the last administrator.", page.Find(".error-what").TextContent, StringComparison.Ordinal));

        await PressAsync(page, "ana", "Make admin");
        await page.EventuallyAsync(() => page.Find("dialog"));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);
        await page.EventuallyAsync(() => Assert.Contains("Administrator", Badges(page, "ana"), StringComparison.Ordinal));
        await using var scope = await Database.ForSystemAsync(Stop);
        Assert.Equal((UserStatus.Disabled, Roles.Admin, UserStatus.Active), ((await scope.Db.Users.SingleAsync(u => u.Id == Ben, Stop)).Status, (await scope.Db.Users.SingleAsync(u => u.Id == Ana, Stop)).Roles, (await scope.Db.Users.SingleAsync(u => u.Id == _admin, Stop)).Status));
        Assert.All(await scope.Db.AuditEntries.ToListAsync(Stop), entry => Assert.Equal(_admin, entry.ActorId));
    }

    [Fact]
    public async Task Five_hundred_people_are_searched_and_narrowed()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(i => new User { DisplayName = $"person {i:000}", Email = $"p{i:000}@sandbox.test", Status = i < 10 ? UserStatus.Disabled : UserStatus.Active }));
        var page = Show(Database, _admin);
        await page.EventuallyAsync(() => Assert.Equal(60, page.FindAll("li.row").Count));
        Assert.Contains("503 users", page.Markup, StringComparison.Ordinal);

        await page.ChooseAsync("select[aria-label='Show users']", "disabled");
        await page.EventuallyAsync(() => Assert.Equal(10, page.FindAll("li.row").Count));
        await page.TypeAsync("input[type=search]", "p003@");
        await page.EventuallyAsync(() => Assert.Contains("person 003", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        var page = Show(DeafDatabase, _admin);

        await page.EventuallyAsync(() => Assert.Contains("The users could not be loaded.", page.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    private PeopleAdmin People(PortalDatabase database) => new(database, new Users(database, Portal.Get<AuditLog>(), Portal.Invalidations, TimeProvider.System), new RoleCheck(database));

    private IRenderedComponent<UsersPage> Show(PortalDatabase database, UserId who)
    {
        SignIn(who, Roles.Admin);
        Use(People(database));
        return Open<UsersPage>();
    }

    private static string Badges(IRenderedComponent<UsersPage> page, string name) => page.FindAll("li.row").Single(row => row.QuerySelector("b")!.TextContent == name).QuerySelector(".badges")!.TextContent;

    private static Task PressAsync(IRenderedComponent<UsersPage> page, string name, string button) =>
        page.PressAsync(() => page.FindAll("li.row").Single(row => row.QuerySelector("b")!.TextContent == name).QuerySelectorAll("button").Single(b => b.TextContent.Trim() == button));
}
