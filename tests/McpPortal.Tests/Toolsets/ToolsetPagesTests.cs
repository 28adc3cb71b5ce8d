using System.Text.Json.Nodes;
using Bunit;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Toolsets;
using McpPortal.Ui;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Toolsets;

public sealed class ToolsetPagesTests(PostgresCluster cluster) : PageTest(cluster)
{
    private readonly List<string> _asked = [];
    private ToolListOutcome _tools = new ToolListOutcome.Listed([Tool("send", "Sends a mail."), Tool("read", "Reads a mail.")], null);

    [Fact]
    public async Task Without_sets_it_says_what_they_are_for()
    {
        var page = Show<ToolsetsPage>();

        await page.EventuallyAsync(() => Assert.Contains("chooses better", page.Find(".empty").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_set_is_made_of_all_tools_of_one_server_and_some_of_another()
    {
        var (mail, notes) = (await ServerAsync("mail", Ana), await ServerAsync("notes", Ana));
        await ServerAsync("bens", Ben);
        var page = Show<ToolsetEditPage>();
        await page.EventuallyAsync(() => Assert.Equal(["mail", "notes"], page.FindAll(".picker-row .check span").Select(row => row.TextContent)));

        await page.SendAsync("form");
        await page.EventuallyAsync(() => Assert.Contains("1 to 40 of the characters", page.Markup, StringComparison.Ordinal));
        await page.InvokeAsync(() => page.Find("[data-testid=toolset-name]").Change("work"));
        await page.SendAsync("form");
        await page.EventuallyAsync(() => Assert.Contains("Choose at least one server.", page.Markup, StringComparison.Ordinal));
        await PickAsync(page, 0);
        await PickAsync(page, 1);
        await page.ChooseAsync("select[aria-label='Which tools of notes']", "chosen");
        await page.EventuallyAsync(() => Assert.Equal(["read", "send"], page.FindAll(".picker-tool b").Select(tool => tool.TextContent)));
        Assert.Equal(["notes"], _asked);
        await page.TypeAsync("input[type=search]", "reads");
        await page.EventuallyAsync(() => Assert.Equal(["read"], page.FindAll(".picker-tool b").Select(tool => tool.TextContent)));
        await page.InvokeAsync(() => page.Find("[data-testid=pick-tool]").Change(true));
        await page.ChooseAsync("[data-testid=toolset-mode]", nameof(ToolsetMode.Search));
        await page.SendAsync("form");

        await page.EventuallyAsync(() => Assert.EndsWith("/toolsets", Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal));
        var set = Assert.Single(await Portal.Get<ToolsetCatalog>().ListAsync(Ana, Stop));
        Assert.Equal(("work", ToolsetMode.Search), (set.Name, set.Mode));
        Assert.True(set.Has(mail, "anything") && set.Has(notes, "read") && !set.Has(notes, "send"));
    }

    [Fact]
    public async Task A_server_that_does_not_list_its_tools_says_why_and_can_be_asked_again()
    {
        await ServerAsync("mail", Ana);
        _tools = new ToolListOutcome.Failed(new CallOutcome.Unreachable("mail is down."));
        var page = Show<ToolsetEditPage>();
        await page.EventuallyAsync(() => page.Find("[data-testid=pick-server]"));
        await PickAsync(page, 0);
        await page.ChooseAsync("select[aria-label='Which tools of mail']", "chosen");
        await page.EventuallyAsync(() => Assert.Contains("mail is down.", page.Markup, StringComparison.Ordinal));

        _tools = new ToolListOutcome.Listed([Tool("send", "Sends a mail.")], null);
        await page.PressAsync(".toolset-picker .actions button");

        await page.EventuallyAsync(() => Assert.Equal(["send"], page.FindAll(".picker-tool b").Select(tool => tool.TextContent)));
        Assert.DoesNotContain("mail is down.", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_set_is_shown_as_it_is_and_saved_over_nothing_newer()
    {
        var mail = await ServerAsync("mail", Ana);
        var set = await MakeAsync(Ana, "work", new ToolsetChoice(mail, ["send", "gone"]));
        var page = Show<ToolsetEditPage>("work");
        await page.EventuallyAsync(() => Assert.Contains("https://portal.example.org/mcp/set/work", page.Find(".copy-field code").TextContent, StringComparison.Ordinal));
        Assert.Equal(["gone", "send"], page.FindAll(".picker-tool b").Select(tool => tool.TextContent));
        Assert.Empty(_asked);
        await page.PressAsync(".toolset-picker .actions button");
        await page.EventuallyAsync(() => Assert.Contains("Not offered now.", page.Markup, StringComparison.Ordinal));
        Assert.Equal([true, false, true], page.FindAll("[data-testid=pick-tool]").Select(tool => tool.HasAttribute("checked")));

        Assert.IsType<ToolsetEditResult.Saved>(await Portal.Get<ToolsetEditor>().ChangeAsync(set.Id, set.Version, new ToolsetDraft { Name = "work", Servers = [new ToolsetChoice(mail, null)] }, Actor.Page(Ana), Stop));
        await page.SendAsync("form");
        await page.EventuallyAsync(() => Assert.Contains("changed elsewhere meanwhile", page.Markup, StringComparison.Ordinal));
        Assert.True((await Portal.Get<ToolsetCatalog>().FindAsync(Ana, "work", Stop))!.Has(mail, "anything"));
    }

    [Fact]
    public async Task A_set_of_somebody_else_and_none_look_the_same()
    {
        await MakeAsync(Ben, "bens", new ToolsetChoice(await ServerAsync("mail", Ben), null));

        var foreign = Show<ToolsetEditPage>("bens");
        await foreign.EventuallyAsync(() => Assert.Contains("You have no toolset of this name.", foreign.Find(".empty").TextContent, StringComparison.Ordinal));
        var missing = Render<ToolsetEditPage>(parameters => parameters.Add(page => page.Name, "none"));
        await missing.EventuallyAsync(() => Assert.Equal(foreign.Find(".empty").TextContent, missing.Find(".empty").TextContent));
    }

    [Fact]
    public async Task The_list_names_what_is_lost_and_deletes_after_asking()
    {
        var (mail, notes) = (await ServerAsync("mail", Ana), await ServerAsync("notes", Ana));
        await MakeAsync(Ana, "work", new ToolsetChoice(mail, ["send"]), new ToolsetChoice(notes, null));
        await MakeAsync(Ben, "bens", new ToolsetChoice(await ServerAsync("bens", Ben), null));
        Assert.IsType<ServerEditResult.Saved>(await Portal.Get<ServerEditor>().SetEnabledAsync(notes, enabled: false, Actor.Page(Ana), Stop));
        var page = Show<ToolsetsPage>();
        await page.EventuallyAsync(() => Assert.Contains("1 server not there", Assert.Single(page.FindAll(".server-card")).TextContent, StringComparison.Ordinal));
        Assert.Contains("mail (1 tool) · notes", page.Markup, StringComparison.Ordinal);
        Assert.Contains("https://portal.example.org/mcp/set/work", page.Find(".copy-field code").TextContent, StringComparison.Ordinal);
        Assert.Contains("/access?for=set/work", page.FindAll(".server-card a").Select(link => link.GetAttribute("href")));

        await page.PressAsync(".server-card button.rz-button");
        await page.EventuallyAsync(() => Assert.Contains("Delete the toolset “work”?", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);

        await page.EventuallyAsync(() => page.Find(".empty"));
        Assert.Empty(await Portal.Get<ToolsetCatalog>().ListAsync(Ana, Stop));
        Assert.Single(await Portal.Get<ToolsetCatalog>().ListAsync(Ben, Stop));
    }

    [Fact]
    public async Task Five_hundred_sets_come_in_portions_and_can_be_searched()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(i => new Toolset { UserId = Ana, Name = $"set-number-{i:000}-with-sixty-characters-as-some-will-have", CreatedAt = Clock.GetUtcNow(), UpdatedAt = Clock.GetUtcNow() }));
        var page = Show<ToolsetsPage>();
        await page.EventuallyAsync(() => Assert.Equal(60, page.FindAll(".server-card").Count));

        await page.TypeAsync("input[type=search]", "number-123");
        await page.EventuallyAsync(() => Assert.Single(page.FindAll(".server-card")));
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        SignIn(Ana);
        Use(new ToolsetCatalog(DeafDatabase, new Invalidations(TimeProvider.System)));
        Use(Portal.Get<ToolsetEditor>());
        Use(Portal.Get<ServerCatalog>());
        UsePublicUrl();
        var page = Open<ToolsetsPage>();

        await page.EventuallyAsync(() => Assert.Contains("Your toolsets could not be loaded.", page.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    private IRenderedComponent<T> Show<T>(string? name = null)
        where T : IComponent
    {
        SignIn(Ana);
        Use(Portal.Get<ToolsetCatalog>());
        Use(Portal.Get<ToolsetEditor>());
        Use(Portal.Get<ServerCatalog>());
        Use<ListOwnTools>((_, server, _) =>
        {
            _asked.Add(server);
            return Task.FromResult(_tools);
        });
        UsePublicUrl();
        if (name is null)
        {
            return Open<T>();
        }

        Services.AddSingleton<TimeProvider>(Clock);
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        return Render<T>(parameters => parameters.TryAdd(nameof(ToolsetEditPage.Name), name));
    }

    private void UsePublicUrl() => Use(new PublicUrl(new ConfigurationBuilder().AddInMemoryCollection([new("Portal:PublicUrl", "https://portal.example.org")]).Build()));

    private static Task PickAsync<T>(IRenderedComponent<T> page, int row)
        where T : IComponent => page.InvokeAsync(() => page.FindAll("[data-testid=pick-server]")[row].Change(true));

    private async Task<ServerId> ServerAsync(string slug, UserId owner)
    {
        var server = new Server { Slug = slug, Name = slug, Url = $"https://{slug}.example/mcp", Destination = $"https://{slug}.example:443", OwnerKind = OwnerKind.User, OwnerId = owner.Value, Transport = ServerTransport.Http };
        await AddAsync(server);
        return server.Id;
    }

    private async Task<ToolsetSnapshot> MakeAsync(UserId user, string name, params ToolsetChoice[] servers)
    {
        Assert.IsType<ToolsetEditResult.Saved>(await Portal.Get<ToolsetEditor>().CreateAsync(new ToolsetDraft { Name = name, Servers = servers }, Actor.Page(user), Stop));
        return (await Portal.Get<ToolsetCatalog>().FindAsync(user, name, Stop))!;
    }

    private static JsonObject Tool(string name, string description) => new() { ["name"] = name, ["description"] = description };
}
