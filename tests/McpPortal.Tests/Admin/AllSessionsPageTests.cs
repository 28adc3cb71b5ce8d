using Bunit;
using McpPortal.Admin;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Sessions.Registry;
using McpPortal.Tests.Rig;
using McpPortal.Ui;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Admin;

public sealed class AllSessionsPageTests(PostgresCluster cluster) : PageTest(cluster)
{
    private UserId _admin;
    private UserId _auditor;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _admin = await Portal.AddUserAsync("cara", Roles.Admin);
        _auditor = await Portal.AddUserAsync("dora", Roles.Auditor);
    }

    [Fact]
    public async Task Whoever_is_neither_administrator_nor_auditor_in_the_database_sees_nothing()
    {
        await AddAsync(Session(Ben, "Editor"));
        var page = Show(Ana, Roles.Admin);

        await page.EventuallyAsync(() => Assert.Contains("Not open to you", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("Editor", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_auditor_sees_everybodys_sessions_and_no_button_to_end_one()
    {
        await AddAsync(Session(Ana, "Editor"), Session(Ben, "Terminal"));
        var page = Show(_auditor, Roles.Auditor);
        await page.EventuallyAsync(() => Assert.Equal(2, page.FindAll("li.row").Count));
        Assert.Contains("as ben (ben@sandbox.test)", Row(page, "Terminal").TextContent, StringComparison.Ordinal);

        await page.ChooseAsync("select[aria-label='Person']", Ana.ToString());

        await page.EventuallyAsync(() => Assert.Single(page.FindAll("li.row")));
        Assert.DoesNotContain(page.FindAll("button"), button => button.TextContent.Contains("End", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_administrator_finds_a_person_and_ends_one_session_and_then_all()
    {
        var first = Session(Ana, "Editor");
        await AddAsync(first, Session(Ana, "Terminal"), Session(Ana, "Phone"), Session(Ben, "Editor of ben"));
        var page = Show(_admin, Roles.Admin);
        await page.EventuallyAsync(() => Assert.Equal(4, page.FindAll("li.row").Count));
        Assert.DoesNotContain("End all of this person", page.Markup, StringComparison.Ordinal);
        await page.ChooseAsync("select[aria-label='Person']", Ana.ToString());
        await page.EventuallyAsync(() => Assert.Equal(3, page.FindAll("li.row").Count));

        await page.PressAsync(() => Row(page, "Editor").QuerySelector("button")!);
        await page.EventuallyAsync(() => page.Find("dialog"));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);
        await page.EventuallyAsync(() => Assert.Equal(2, page.FindAll("li.row").Count));

        await page.PressAsync(() => page.FindAll("button").Single(button => button.TextContent.Trim() == "End all of this person"));
        await page.EventuallyAsync(() => Assert.Contains("End all sessions of ana?", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);
        await page.EventuallyAsync(() => Assert.Contains("No such session is open.", page.Markup, StringComparison.Ordinal));

        await page.PressAsync(() => page.FindAll("button").Single(button => button.TextContent.Trim() == "Show all"));
        await page.EventuallyAsync(() => Assert.Equal(4, page.FindAll("li.row").Count));
        Assert.Contains("Ended by an administrator", Row(page, "Phone").TextContent, StringComparison.Ordinal);
        await using var scope = await Database.ForSystemAsync(Stop);
        Assert.Equal([Ben], await scope.Db.ClientSessions.Where(s => s.EndedAt == null).Select(s => s.UserId).ToListAsync(Stop));
        Assert.Equal(3, await scope.Db.AuditEntries.CountAsync(a => a.Action == nameof(AuditAction.SessionEnded) && a.ActorId == _admin && a.ConcernsUserId == Ana, Stop));
    }

    [Fact]
    public async Task Five_hundred_of_many_people_are_searched()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(i => Session(i % 2 == 0 ? Ana : Ben, $"client {i:000}")));
        var page = Show(_admin, Roles.Admin);
        await page.EventuallyAsync(() => Assert.Equal(60, page.FindAll("li.row").Count));

        await page.TypeAsync("input[type=search]", "ben@sandbox.test 321");

        await page.EventuallyAsync(() => Assert.Contains("client 321", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        var page = Show(_admin, Roles.Admin, DeafDatabase);

        await page.EventuallyAsync(() => Assert.Contains("Everybody's sessions could not be loaded.", page.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    private ClientSession Session(UserId user, string client) => new()
    {
        UserId = user, AccessKeyId = "k", OpenedWith = "laptop", ClientName = client, Endpoint = "/mcp", NodeId = NodeId.New(), CreatedAt = Clock.GetUtcNow(), LastActiveAt = Clock.GetUtcNow(),
    };

    private IRenderedComponent<AllSessionsPage> Show(UserId who, Roles roles, PortalDatabase? database = null)
    {
        database ??= Database;
        SignIn(who, roles);
        var registry = new ClientSessions(database, Portal.Get<AuditLog>(), Portal.Invalidations, new ClientSessionOptions(), new ThisNode(), Portal.Get<PublicUrl>(), Clock);
        Use(new SessionsAdmin(database, registry, new RoleCheck(database)));
        return Open<AllSessionsPage>();
    }

    private static AngleSharp.Dom.IElement Row(IRenderedComponent<AllSessionsPage> page, string client) => page.FindAll("li.row").Single(row => row.QuerySelector("b")!.TextContent == client);
}
