using Bunit;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Clients.ActAs;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Toolsets;
using McpPortal.Ui;
using McpPortal.Vault;
using Microsoft.Extensions.Configuration;

namespace McpPortal.Tests.Clients;

public sealed class AccessPageTests(PostgresCluster cluster) : PageTest(cluster)
{
    [Fact]
    public async Task Without_keys_it_says_what_they_are_for_and_shows_the_public_address()
    {
        var page = Show(Keys());

        await page.EventuallyAsync(() => Assert.Contains("script", page.Find(".empty").TextContent, StringComparison.Ordinal));
        Assert.Contains("https://portal.example.org/mcp/tool/call", page.Find(".usage code[id]").TextContent, StringComparison.Ordinal);
        Assert.Contains("\"https://portal.example.org/mcp\"", page.Find(".client-snippet code").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_made_shown_once_and_revoked()
    {
        var keys = Keys();
        var bens = await keys.CreateAsync(Ben, "bens", readOnly: false, null, null, Actor.Page(Ben), Stop);
        var page = Show(keys);
        await page.EventuallyAsync(() => page.Find(".empty"));

        await page.PressAsync(".page-actions button");
        await page.EventuallyAsync(() => page.Find("#create-key"));
        await page.SendAsync("#create-key");
        await page.EventuallyAsync(() => Assert.Contains("Give the key a name", page.Find("#key-fault").TextContent, StringComparison.Ordinal));
        await page.TypeAsync("#create-key input", "backup job");
        await page.ChooseAsync(() => page.FindAll("#create-key select")[0], "read-only");
        await page.ChooseAsync(() => page.FindAll("#create-key select")[1], "chosen");
        await page.SendAsync("#create-key");
        await page.EventuallyAsync(() => Assert.Contains("Choose at least one server", page.Find("#key-fault").TextContent, StringComparison.Ordinal));
        await page.ChooseAsync(() => page.FindAll("#create-key select")[1], "all");
        await page.ChooseAsync(() => page.FindAll("#create-key select")[2], "30");
        await page.SendAsync("#create-key");
        await page.EventuallyAsync(() => page.Find("dialog[data-sticky] code"));
        var text = page.Find("dialog[data-sticky] code").TextContent;
        Assert.Contains($"\"Bearer {text}\"", page.Find("dialog .client-snippet code").TextContent, StringComparison.Ordinal);

        var holder = await keys.VerifyAsync(text, Stop);
        Assert.Equal((Ana, "backup job", true), (holder!.User, holder.KeyName, holder.ReadOnly));
        await page.PressAsync("dialog[data-sticky] .modal-actions button");
        await page.EventuallyAsync(() => Assert.Contains("backup job", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
        Assert.DoesNotContain(text, page.Markup, StringComparison.Ordinal);
        Assert.Contains("Read-only tools of all servers", page.Markup, StringComparison.Ordinal);

        await page.PressAsync("li.row button");
        await page.EventuallyAsync(() => Assert.Contains("It has not been used so far.", page.Find("dialog").TextContent, StringComparison.Ordinal));
        await page.PressAsync(() => page.FindAll("dialog .modal-actions button")[1]);
        await page.EventuallyAsync(() => page.Find(".empty"));
        Assert.Null(await keys.VerifyAsync(text, Stop));
        Assert.NotNull(await keys.VerifyAsync(bens!, Stop));
    }

    [Fact]
    public async Task A_key_can_be_for_toolsets_only()
    {
        var server = new Server { Slug = "mail", Name = "Mail", Url = "https://mail.example/mcp", Destination = "https://mail.example:443", OwnerKind = OwnerKind.User, OwnerId = Ana.Value, Transport = ServerTransport.Http };
        await AddAsync(server);
        Assert.IsType<ToolsetEditResult.Saved>(await Portal.Get<ToolsetEditor>().CreateAsync(new ToolsetDraft { Name = "work", Servers = [new ToolsetChoice(server.Id, null)] }, Actor.Page(Ana), Stop));
        var keys = Keys();
        var page = Show(keys);
        await page.EventuallyAsync(() => page.Find(".empty"));
        await page.ChooseAsync("[data-testid=client-server]", "set/work");
        await page.EventuallyAsync(() => Assert.Contains("\"https://portal.example.org/mcp/set/work\"", page.Find(".client-snippet code").TextContent, StringComparison.Ordinal));
        Assert.Contains("\"mcpportal-set-work\"", page.Find(".client-snippet code").TextContent, StringComparison.Ordinal);

        await page.PressAsync(".page-actions button");
        await page.EventuallyAsync(() => page.Find("#create-key"));
        await page.TypeAsync("#create-key input", "mail helper");
        await page.ChooseAsync(() => page.FindAll("#create-key select")[1], "toolsets");
        await page.SendAsync("#create-key");
        await page.EventuallyAsync(() => Assert.Contains("Choose at least one toolset", page.Find("#key-fault").TextContent, StringComparison.Ordinal));
        await page.InvokeAsync(() => page.Find("#create-key .choices input").Change(true));
        await page.SendAsync("#create-key");
        await page.EventuallyAsync(() => page.Find("dialog[data-sticky] code"));
        Assert.Contains("\"https://portal.example.org/mcp/set/work\"", page.Find("dialog .client-snippet code").TextContent, StringComparison.Ordinal);
        Assert.Equal(["set/work"], page.FindAll("dialog [data-testid=client-server] option").Select(option => option.GetAttribute("value")));

        var holder = await keys.VerifyAsync(page.Find("dialog[data-sticky] code").TextContent, Stop);
        Assert.Equal(Assert.Single(await Portal.Get<ToolsetCatalog>().ListAsync(Ana, Stop)).Id, Assert.Single(holder!.Toolsets!));
        Assert.Contains("All tools of the toolsets work", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_hundred_keys_come_in_portions_and_can_be_searched()
    {
        await AddAsync(Enumerable.Range(0, 500).Select(i => new AccessKey { Id = $"k{i}", UserId = Ana, Name = $"key number {i:000}", Hash = new byte[32], CreatedAt = Clock.GetUtcNow(), ExpiresAt = Clock.GetUtcNow().AddDays(i - 1) }));
        var page = Show(Keys());
        await page.EventuallyAsync(() => Assert.Equal(60, page.FindAll("li.row").Count));

        await page.TypeAsync("input[type=search]", "number 000");
        await page.EventuallyAsync(() => Assert.Contains("Expired", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
        await page.TypeAsync("input[type=search]", "number 003");
        await page.EventuallyAsync(() => Assert.Contains("Expires soon", Assert.Single(page.FindAll("li.row")).TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        var page = Show(Keys(DeafDatabase));

        await page.EventuallyAsync(() => Assert.Contains("Your access keys could not be loaded.", page.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    private AccessKeys Keys(PortalDatabase? database = null) => new(database ?? Database, Portal.Get<Fingerprints>(), Portal.Get<AuditLog>(), Portal.Invalidations, Clock, new SingleUserMode(false));

    private IRenderedComponent<AccessPage> Show(AccessKeys keys)
    {
        SignIn(Ana);
        Use(keys);
        Use(Portal.Get<ClientGrants>());
        Use(Portal.Get<ActAsConsents>());
        Use(Portal.Get<ServerCatalog>());
        Use(Portal.Get<ToolsetCatalog>());
        Use(new PublicUrl(new ConfigurationBuilder().AddInMemoryCollection([new("Portal:PublicUrl", "https://portal.example.org")]).Build()));
        return Open<AccessPage>();
    }
}
