using Bunit;
using Bunit.TestDoubles;
using McpPortal.Accounts;
using McpPortal.Admin;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Tests.Ui;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Servers;

public sealed class ServerPagesTests(PostgresCluster cluster) : ComponentTest, IAsyncLifetime
{
    private static readonly string Planted = Canary.New("api key");

    private PortalServices _portal = null!;
    private UserId _ana;
    private UserId _cara;
    private BunitAuthorizationContext _auth = null!;

    private static CancellationToken Stop => Xunit.TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop);
        _ana = await _portal.AddUserAsync("ana");
        _cara = await _portal.AddUserAsync("cara", Roles.Admin);
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton(_portal.Get<ServerCatalog>());
        Services.AddSingleton(_portal.Get<ServerEditor>());
        Services.AddSingleton(_portal.Get<EditableServers>());
        Services.AddSingleton(_portal.Get<AdminServers>());
        Services.AddSingleton(_portal.Get<ServerTemplates>());
        Services.AddSingleton(_portal.Get<SecretStore>());
        Services.AddSingleton(_portal.Get<CredentialStates>());
        _auth = AddAuthorization();
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        DefaultWaitTimeout = TimeSpan.FromSeconds(15);
        SignIn(_ana, "ana");
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        await _portal.DisposeAsync();
    }

    [Fact]
    public void An_empty_catalogue_says_what_it_is_for()
    {
        var page = Render<ServersPage>();

        page.WaitForAssertion(() => Assert.Contains("No servers yet", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("for=organisation", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_catalogue_says_of_each_server_what_it_needs_from_me()
    {
        await _portal.AddAsync(Drafts.Http("plain"));
        await _portal.AddAsync(Drafts.Http("keyed", needs: Drafts.ApiKey));
        _portal.HearInvalidations();

        var page = Render<ServersPage>();

        await page.WaitForAssertionAsync(() => Assert.Equal(2, page.FindAll(".server-card").Count));
        Assert.Equal(["Set secret", "Needs nothing"], page.FindAll(".server-card .badge").Select(Word));
        await page.InvokeAsync(() => page.Find("input[type=search]").InputAsync(new ChangeEventArgs { Value = "plain" }));
        Assert.Single(page.FindAll(".server-card"));
    }

    [Fact]
    public async Task A_secret_is_set_on_the_servers_page_and_its_value_is_never_in_the_page()
    {
        await _portal.AddAsync(Drafts.Http("keyed", needs: Drafts.ApiKey));
        _portal.HearInvalidations();
        var page = Render<ServerPage>(p => p.Add(x => x.Slug, "keyed"));
        await page.WaitForAssertionAsync(() => Assert.Contains("Not set", page.Markup, StringComparison.Ordinal));
        Assert.Equal("off", page.Find("input[type=password]").GetAttribute("autocomplete"));

        await page.InvokeAsync(() => page.Find("input[type=password]").ChangeAsync(new ChangeEventArgs { Value = $"{Planted}\r\n" }));
        await page.InvokeAsync(() => page.Find("form.secret-field").SubmitAsync());
        await page.WaitForAssertionAsync(() => Assert.Contains("line break", page.Find(".field-note").TextContent, StringComparison.Ordinal));
        Assert.DoesNotContain(Planted, page.Markup, StringComparison.Ordinal);

        await page.InvokeAsync(() => page.Find("input[type=password]").ChangeAsync(new ChangeEventArgs { Value = Planted }));
        await page.InvokeAsync(() => page.Find("form.secret-field").SubmitAsync());
        await page.WaitForAssertionAsync(() => Assert.Contains("Replace", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain(Planted, page.Markup, StringComparison.Ordinal);

        var secrets = Render<SecretsPage>();
        await secrets.WaitForAssertionAsync(() => Assert.Contains("api-key", secrets.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain(Planted, secrets.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_moved_server_shows_old_and_new_and_waits_for_my_word()
    {
        var saved = await _portal.AddAsync(Drafts.Http("keyed", needs: Drafts.ApiKey));
        var server = await _portal.FindAsync(_ana, "keyed");
        await _portal.Get<SecretStore>().SetAsync(_ana, server, "api-key", Planted, Actor.Page(_ana), Stop);
        await _portal.Get<ServerEditor>().ChangeAsync(saved.Id, saved.Version, Drafts.Http("keyed", "https://new.example/mcp", Drafts.ApiKey), Actor.Page(_cara), Stop);
        _portal.HearInvalidations();

        var page = Render<ServerPage>(p => p.Add(x => x.Slug, "keyed"));

        await page.WaitForAssertionAsync(() => Assert.Contains("This server moved", page.Markup, StringComparison.Ordinal));
        Assert.Contains("https://mcp.example.com:443", page.Find(".confirm-destination").TextContent, StringComparison.Ordinal);
        Assert.Contains("https://new.example:443", page.Find(".confirm-destination").TextContent, StringComparison.Ordinal);
        _portal.HearInvalidations();
        await page.InvokeAsync(() => page.Find(".confirm-destination button").ClickAsync());
        await page.WaitForAssertionAsync(() => Assert.Contains("in use again", page.Markup, StringComparison.Ordinal));
        Assert.Empty(page.FindAll(".confirm-destination"));
    }

    [Fact]
    public void A_missing_or_foreign_server_is_nothing_here()
    {
        var page = Render<ServerPage>(p => p.Add(x => x.Slug, "somebody-elses"));

        page.WaitForAssertion(() => Assert.Contains("Nothing here", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_inside_the_house_is_refused_beside_its_field()
    {
        var page = Render<ServerEditPage>();
        await page.WaitForAssertionAsync(() => Assert.NotEmpty(page.FindAll("form")));
        await page.InvokeAsync(() => page.FindAll("form input")[0].ChangeAsync(new ChangeEventArgs { Value = "mine" }));
        await page.InvokeAsync(() => page.FindAll("form input")[1].ChangeAsync(new ChangeEventArgs { Value = "Mine" }));
        await page.InvokeAsync(() => page.Find("input[type=url]").ChangeAsync(new ChangeEventArgs { Value = "https://169.254.169.254/latest" }));

        await page.InvokeAsync(() => page.Find("form").SubmitAsync());

        await page.WaitForAssertionAsync(() => Assert.Contains(page.FindAll(".field-bad"), e => e.TextContent.Contains("public internet", StringComparison.Ordinal)));
        Assert.DoesNotContain("Template", page.Markup, StringComparison.Ordinal);
        Assert.Equal(0L, await _portal.ScalarAsync(db => db.System, "select count(*) from servers"));
    }

    [Fact]
    public async Task An_edit_that_moves_credentials_says_how_many_people_it_suspends()
    {
        await _portal.AddAsync(Drafts.Http("keyed", needs: Drafts.ApiKey));
        await _portal.Get<SecretStore>().SetAsync(_ana, await _portal.FindAsync(_ana, "keyed"), "api-key", Planted, Actor.Page(_ana), Stop);
        SignIn(_cara, "cara", PortalClaims.AdminRole);
        var page = Render<ServerEditPage>(p => p.Add(x => x.Slug, "keyed"));
        await page.WaitForAssertionAsync(() => Assert.NotEmpty(page.FindAll("input[type=url]")));

        await page.InvokeAsync(() => page.Find("input[type=url]").ChangeAsync(new ChangeEventArgs { Value = "https://new.example/mcp" }));
        await page.InvokeAsync(() => page.Find("form").SubmitAsync());

        await page.WaitForAssertionAsync(() => Assert.Contains("1 person's credentials will be suspended", page.Find("dialog").TextContent, StringComparison.Ordinal));
        Assert.Equal("https://mcp.example.com:443", (await _portal.FindAsync(_ana, "keyed")).Destination);
        await page.InvokeAsync(() => page.FindAll("dialog button").Single(b => b.TextContent.Contains("Save and suspend", StringComparison.Ordinal)).ClickAsync());
        Assert.Equal("https://new.example:443", (await _portal.FindAsync(_ana, "keyed")).Destination);
    }

    [Fact]
    public async Task The_admin_catalogue_shows_off_servers_and_who_may_use_each()
    {
        var saved = await _portal.AddAsync(Drafts.Http("keyed"), everyone: false);
        await _portal.Get<ServerEditor>().SetEnabledAsync(saved.Id, enabled: false, Actor.CommandLine, Stop);
        SignIn(_cara, "cara", PortalClaims.AdminRole);

        var page = Render<ServersAdminPage>();

        await page.WaitForAssertionAsync(() => Assert.Contains("Nobody may use it.", page.Markup, StringComparison.Ordinal));
        Assert.Equal("Off", Word(page.Find(".badge")));

        SignIn(_ana, "ana");
        var hers = Render<ServersAdminPage>();
        await hers.WaitForAssertionAsync(() => Assert.Contains("No servers yet", hers.Markup, StringComparison.Ordinal));
    }

    private static string Word(AngleSharp.Dom.IElement badge) => badge.ChildNodes[^1].TextContent.Trim();

    private void SignIn(UserId user, string name, params string[] roles)
    {
        _auth.SetAuthorized(name);
        _auth.SetRoles(roles);
        _auth.SetClaims(new System.Security.Claims.Claim(System.Security.Claims.ClaimTypes.NameIdentifier, user.ToString()));
    }
}
