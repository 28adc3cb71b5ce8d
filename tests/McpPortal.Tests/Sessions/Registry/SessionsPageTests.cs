using Bunit;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Sessions.Registry;
using McpPortal.Tests.Rig;
using McpPortal.Ui;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Sessions.Registry;

public sealed class SessionsPageTests(PostgresCluster cluster) : PageTest(cluster)
{
    [Fact]
    public async Task Without_any_it_says_what_would_be_here_and_for_which_clients_nothing_ever_is()
    {
        await AddAsync(Session(Ben, "Bens"));
        var page = Show();

        await page.EventuallyAsync(() => Assert.Contains("AI clients that are connected to this portal as you appear here", page.Markup, StringComparison.Ordinal));
        Assert.Contains("Clients of MCP 2026-07-28 and later have no sessions", page.Markup, StringComparison.Ordinal);
        Assert.Contains("5 sessions of yours may be open at once; one more ends the one unused longest.", Text(page), StringComparison.Ordinal);
        Assert.DoesNotContain("Bens", page.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("End all", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_shows_what_is_open_and_ends_one_after_a_question()
    {
        var editor = Session(Ana, "<b>Editor</b>", version: "1.2", idleMinutes: 20, endpoint: "/mcp/email");
        var busy = Session(Ana, "Busy", inUse: true, grant: true);
        await AddAsync(editor, busy, Session(Ana, null), Session(Ana, "Gone", end: SessionEnd.Idle), Session(Ben, "Bens"));
        var page = Show();
        await page.EventuallyAsync(() => Assert.Equal(3, page.FindAll("li.row").Count));
        var row = Row(page, "<b>Editor</b>").TextContent;
        foreach (var words in (string[])["1.2", "Idle", "opened with the key “laptop”", "/mcp/email", "MCP 2025-11-25", "2 h ago", "20 min ago"])
        {
            Assert.Contains(words, row, StringComparison.Ordinal);
        }

        Assert.Contains("Active", Row(page, "Busy").TextContent, StringComparison.Ordinal);
        Assert.Contains("opened with the sign-in of “laptop”", Row(page, "Busy").TextContent, StringComparison.Ordinal);
        Assert.Single(page.FindAll("li.row"), item => item.TextContent.Contains("A client without a name", StringComparison.Ordinal));
        Assert.DoesNotContain("Bens", page.Markup, StringComparison.Ordinal);

        await page.PressAsync(() => Row(page, "<b>Editor</b>").QuerySelector("button")!);
        await page.EventuallyAsync(() => Assert.Contains("cut off within two seconds", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);
        await page.EventuallyAsync(() => Assert.Equal(2, page.FindAll("li.row").Count));

        await page.ChooseAsync("select[aria-label='Show sessions']", "ended");
        await page.EventuallyAsync(() => Assert.Contains("Ended by its owner", Row(page, "<b>Editor</b>").TextContent, StringComparison.Ordinal));
        Assert.Contains("Ended because nobody used it", Row(page, "Gone").TextContent, StringComparison.Ordinal);
        Assert.All(page.FindAll("li.row"), item => Assert.Empty(item.QuerySelectorAll("button")));
        await using var scope = await Database.ForSystemAsync(Stop);
        Assert.Equal(1, await scope.Db.AuditEntries.CountAsync(a => a.Action == nameof(AuditAction.SessionEnded) && a.ActorId == Ana && a.SubjectId == editor.Id.ToString(), Stop));
        Assert.Null((await scope.Db.ClientSessions.SingleAsync(s => s.Id == busy.Id, Stop)).EndedAt);
    }

    [Fact]
    public async Task All_are_ended_at_once_and_nobody_elses()
    {
        await AddAsync(Session(Ana, "One"), Session(Ana, "Two"), Session(Ben, "Bens"));
        var page = Show();
        await page.EventuallyAsync(() => Assert.Equal(2, page.FindAll("li.row").Count));

        await page.PressAsync(() => page.FindAll(".page-actions button").Single(button => button.TextContent.Trim() == "End all"));
        await page.EventuallyAsync(() => Assert.Contains("End all of your sessions?", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);

        await page.EventuallyAsync(() => Assert.Contains("No session is open.", page.Markup, StringComparison.Ordinal));
        await using var scope = await Database.ForSystemAsync(Stop);
        Assert.Equal([Ben], await scope.Db.ClientSessions.Where(s => s.EndedAt == null).Select(s => s.UserId).ToListAsync(Stop));
        Assert.Equal(2, await scope.Db.AuditEntries.CountAsync(a => a.Action == nameof(AuditAction.SessionEnded) && a.ActorId == Ana, Stop));
    }

    [Fact]
    public async Task Five_hundred_are_searched()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(i => Session(Ana, $"client {i:000}")));
        var page = Show();
        await page.EventuallyAsync(() => Assert.Equal(60, page.FindAll("li.row").Count));
        Assert.Contains("500 sessions", Text(page), StringComparison.Ordinal);

        await page.TypeAsync("input[type=search]", "client 321");
        await page.EventuallyAsync(() => Assert.Contains("client 321", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        var page = Show(DeafDatabase);

        await page.EventuallyAsync(() => Assert.Contains("Your sessions could not be loaded.", page.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    private ClientSession Session(UserId user, string? client, string? version = null, int idleMinutes = 0, string endpoint = "/mcp", bool inUse = false, bool grant = false, SessionEnd? end = null) => new()
    {
        UserId = user, AccessKeyId = grant ? null : "k", GrantId = grant ? ClientGrantId.New() : null, OpenedWith = "laptop", ClientName = client, ClientVersion = version, ProtocolVersion = "2025-11-25",
        Endpoint = endpoint, NodeId = NodeId.New(), CreatedAt = Clock.GetUtcNow().AddHours(-2), LastActiveAt = Clock.GetUtcNow().AddMinutes(-idleMinutes), InUse = inUse,
        EndedAt = end is null ? null : Clock.GetUtcNow(), EndReason = end,
    };

    private IRenderedComponent<SessionsPage> Show(PortalDatabase? database = null)
    {
        SignIn(Ana);
        Use(new ClientSessions(database ?? Database, Portal.Get<AuditLog>(), Portal.Invalidations, new ClientSessionOptions(), new ThisNode(), Portal.Get<PublicUrl>(), Clock));
        return Open<SessionsPage>();
    }

    private static AngleSharp.Dom.IElement Row(IRenderedComponent<SessionsPage> page, string client) => page.FindAll("li.row").Single(row => row.QuerySelector("b")!.TextContent == client);

    /// <summary>As a reader sees it, without the line breaks of the source.</summary>
    private static string Text(IRenderedComponent<SessionsPage> page) => string.Join(' ', page.Nodes.SelectMany(node => node.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
}
