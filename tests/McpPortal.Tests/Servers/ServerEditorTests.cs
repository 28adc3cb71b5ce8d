using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Servers;

public sealed class ServerEditorTests(PostgresCluster cluster) : IAsyncLifetime
{
    private PortalServices _portal = null!;
    private UserId _ana;
    private UserId _cara;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private ServerEditor Editor => _portal.Get<ServerEditor>();

    public async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop, new Dictionary<string, string?>
        {
            ["Servers:Templates:echo:Name"] = "Echo",
            ["Servers:Templates:echo:Command:0"] = "/bin/cat",
            ["Servers:Templates:echo:Command:1"] = "-u",
            ["Servers:Templates:echo:Settings:ECHO_MODE"] = "plain",
            ["Servers:Templates:echo:Credentials:0:Name"] = "token",
            ["Servers:Templates:echo:Credentials:0:Placement"] = "Environment",
            ["Servers:Templates:echo:Credentials:0:Target"] = "ECHO_TOKEN",
            ["Servers:MaxOwnPerUser"] = "3",
        });
        _ana = await _portal.AddUserAsync("ana");
        _cara = await _portal.AddUserAsync("cara", Roles.Admin);
    }

    public ValueTask DisposeAsync() => _portal.DisposeAsync();

    [Fact]
    public async Task An_administrator_adds_a_program_from_an_approved_template_only()
    {
        var saved = Assert.IsType<ServerEditResult.Saved>(await Editor.AddAsync(_portal.Get<ServerTemplates>().Find("echo")!.ToDraft(), "echo", everyone: true, Actor.Page(_cara), Stop));

        var server = await _portal.FindAsync(_ana, "echo");
        Assert.Equal(ServerTransport.Stdio, server.Transport);
        Assert.Equal(["/bin/cat", "-u"], server.CommandLine);
        Assert.Equal(ServerDestination.OfCommand(["/bin/cat", "-u"], server.Settings), server.Destination);
        Assert.Equal(saved.Id, server.Id);
        Assert.IsType<ServerEditResult.NotAllowed>(await Editor.AddAsync(Drafts.Http("other"), "no-such-template", everyone: true, Actor.Page(_cara), Stop));
    }

    [Theory]
    [InlineData("AddAsync with a template")]
    [InlineData("AddAsync without a template")]
    [InlineData("AddOwnAsync")]
    [InlineData("ChangeAsync of an own server")]
    public async Task INJ_1_A_member_gets_no_program_by_any_way(string way)
    {
        var draft = Drafts.Http("sneaky") with { Settings = new Dictionary<string, string> { ["ECHO_MODE"] = "x" } };
        switch (way)
        {
            case "AddAsync with a template":
                Assert.IsType<ServerEditResult.NotAllowed>(await Editor.AddAsync(draft, "echo", everyone: true, Actor.Page(_ana), Stop));
                break;
            case "AddAsync without a template":
                Assert.IsType<ServerEditResult.NotAllowed>(await Editor.AddAsync(draft, null, everyone: true, Actor.Page(_ana), Stop));
                break;
            case "AddOwnAsync":
                foreach (var tried in new[] { draft, Drafts.Http("sneaky") with { Url = null }, Drafts.Http("sneaky", "file:///bin/sh"), Drafts.Http("sneaky", "/bin/sh") })
                {
                    Assert.IsType<ServerEditResult.Invalid>(await Editor.AddOwnAsync(_ana, tried, Actor.Page(_ana), Stop));
                }

                break;
            default:
                var own = Assert.IsType<ServerEditResult.Saved>(await Editor.AddOwnAsync(_ana, Drafts.Http("sneaky"), Actor.Page(_ana), Stop));
                Assert.IsType<ServerEditResult.Invalid>(await Editor.ChangeAsync(own.Id, own.Version, Drafts.Http("sneaky") with { Url = null }, Actor.Page(_ana), Stop));
                break;
        }

        Assert.Equal(0L, await _portal.ScalarAsync(db => db.System, "select count(*) from servers where transport = 2 or command_line <> '[]'"));
    }

    [Fact]
    public async Task INJ_1_Row_security_stops_a_member_who_writes_servers_of_others_past_the_editor()
    {
        await using var scope = await _portal.Database.ForUserAsync(_ana, Stop);
        scope.Db.Servers.Add(new Server { Slug = "x", Name = "x", OwnerKind = OwnerKind.Organisation, Destination = "https://x:443", Transport = ServerTransport.Http });

        await Assert.ThrowsAsync<DbUpdateException>(() => scope.CommitAsync(Stop));
    }

    [Fact]
    public async Task INJ_1_A_draft_cannot_carry_owner_transport_or_command()
    {
        var json = """{"slug":"mass","name":"Mass","url":"https://mcp.example.com/","ownerKind":3,"ownerId":"00000000-0000-0000-0000-000000000000","transport":2,"commandLine":["/bin/sh"],"enabled":false,"templateKey":"echo","version":99,"destination":"x"}""";
        var draft = System.Text.Json.JsonSerializer.Deserialize<ServerDraft>(json, System.Text.Json.JsonSerializerOptions.Web)!;

        Assert.IsType<ServerEditResult.Saved>(await Editor.AddOwnAsync(_ana, draft, Actor.Page(_ana), Stop));

        var server = await _portal.FindAsync(_ana, "mass");
        Assert.Equal((Owner.Of(_ana), ServerTransport.Http, 0, 1L, true, null), (server.Owner, server.Transport, server.CommandLine.Count, server.Version, server.Enabled, server.TemplateKey));
        Assert.Equal("https://mcp.example.com:443", server.Destination);
    }

    [Theory]
    [InlineData("https://127.0.0.1/mcp")]
    [InlineData("https://10.1.2.3/mcp")]
    [InlineData("https://[::ffff:169.254.169.254]/mcp")]
    [InlineData("https://0x7f.1/mcp")]
    [InlineData("http://mcp.example.com/mcp")]
    [InlineData("https://user:pass@mcp.example.com/mcp")]
    [InlineData("https://mcp.example.com:22/mcp")]
    [InlineData("ftp://mcp.example.com/")]
    [InlineData("https://mcp.example.com/#x")]
    [InlineData("https://mcp.example.com/\r\nX: y")]
    [InlineData("javascript:alert(1)")]
    [InlineData("")]
    public async Task SSRF_1_An_address_that_may_not_be_contacted_is_refused(string url)
    {
        var own = await Editor.AddOwnAsync(_ana, Drafts.Http("demo", url), Actor.Page(_ana), Stop);
        var organisation = await Editor.AddAsync(Drafts.Http("demo", url), null, everyone: true, Actor.Page(_cara), Stop);

        Assert.Equal(nameof(ServerDraft.Url), Assert.Single(Assert.IsType<ServerEditResult.Invalid>(own).Faults).Field);
        Assert.Equal(nameof(ServerDraft.Url), Assert.Single(Assert.IsType<ServerEditResult.Invalid>(organisation).Faults).Field);
    }

    [Fact]
    public async Task SSRF_9_An_internal_host_that_an_admin_opened_stays_closed_to_members_own_servers()
    {
        await using var portal = await PortalServices.CreateAsync(cluster, Stop, new Dictionary<string, string?> { ["Outbound:AllowedHosts:0"] = "10.9.8.7:443" }, "Production");
        var ana = await portal.AddUserAsync("ana");

        Assert.IsType<ServerEditResult.Invalid>(await portal.Get<ServerEditor>().AddOwnAsync(ana, Drafts.Http("demo", "https://10.9.8.7/mcp"), Actor.Page(ana), Stop));
        await portal.AddAsync(Drafts.Http("demo", "https://10.9.8.7/mcp"));
    }

    [Fact]
    public async Task Whoever_saves_second_is_told_and_nothing_of_it_is_kept()
    {
        var saved = await _portal.AddAsync(Drafts.Http("demo"));
        var first = await Editor.ChangeAsync(saved.Id, saved.Version, Drafts.Http("demo") with { Name = "First" }, Actor.Page(_cara), Stop);
        var second = await Editor.ChangeAsync(saved.Id, saved.Version, Drafts.Http("demo") with { Name = "Second" }, Actor.Page(_cara), Stop);

        Assert.IsType<ServerEditResult.Saved>(first);
        Assert.IsType<ServerEditResult.ChangedMeanwhile>(second);
        Assert.Equal("First", (await _portal.FindAsync(_ana, "demo")).Name);
    }

    [Fact]
    public async Task Of_many_who_save_at_once_exactly_one_wins()
    {
        var saved = await _portal.AddAsync(Drafts.Http("demo"));

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            Editor.ChangeAsync(saved.Id, saved.Version, Drafts.Http("demo") with { Name = $"Try {i}" }, Actor.Page(_cara), Stop)));

        Assert.Single(results.OfType<ServerEditResult.Saved>());
        Assert.Equal(7, results.OfType<ServerEditResult.ChangedMeanwhile>().Count());
        Assert.Equal(1L, await _portal.ScalarAsync(db => db.System, "select count(*) from audit_entries where action = 'ServerChanged'"));
    }

    [Fact]
    public async Task A_demoted_or_disabled_administrator_changes_nothing_more()
    {
        var saved = await _portal.AddAsync(Drafts.Http("demo"));
        var disabled = await _portal.AddUserAsync("dan", Roles.Admin, UserStatus.Disabled);
        var auditor = await _portal.AddUserAsync("eve", Roles.Auditor);

        await Assert.ThrowsAsync<UserNotActiveException>(() => Editor.ChangeAsync(saved.Id, saved.Version, Drafts.Http("demo"), Actor.Page(disabled), Stop));
        await Assert.ThrowsAsync<UserNotActiveException>(() => Editor.SetAccessAsync(saved.Id, [], Actor.Page(disabled), Stop));
        await Assert.ThrowsAsync<UserNotActiveException>(() => Editor.RemoveAsync(saved.Id, Actor.Page(disabled), Stop));
        Assert.Empty(await _portal.Get<AdminServers>().ListAsync(Actor.Page(disabled), Stop));
        foreach (var actor in new[] { auditor, _ana })
        {
            Assert.IsType<ServerEditResult.NotFound>(await Editor.ChangeAsync(saved.Id, saved.Version, Drafts.Http("demo"), Actor.Page(actor), Stop));
            Assert.IsType<ServerEditResult.NotFound>(await Editor.SetAccessAsync(saved.Id, [], Actor.Page(actor), Stop));
            Assert.IsType<ServerEditResult.NotFound>(await Editor.RemoveAsync(saved.Id, Actor.Page(actor), Stop));
            Assert.Empty(await _portal.Get<AdminServers>().ListAsync(Actor.Page(actor), Stop));
        }

        Assert.NotEmpty(await _portal.Get<AdminServers>().ListAsync(Actor.Page(_cara), Stop));
    }

    [Fact]
    public async Task Two_servers_cannot_share_a_name_even_when_added_at_once()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Editor.AddAsync(Drafts.Http("demo"), null, everyone: true, Actor.Page(_cara), Stop)));

        Assert.Single(results.OfType<ServerEditResult.Saved>());
        Assert.All(results.OfType<ServerEditResult.Invalid>(), invalid => Assert.Equal(nameof(ServerDraft.Slug), Assert.Single(invalid.Faults).Field));
        Assert.IsType<ServerEditResult.Invalid>(await Editor.AddOwnAsync(_ana, Drafts.Http("demo"), Actor.Page(_ana), Stop));
    }

    [Fact]
    public async Task Settings_of_a_program_are_those_its_template_declares_and_move_its_destination()
    {
        var draft = _portal.Get<ServerTemplates>().Find("echo")!.ToDraft();
        var saved = Assert.IsType<ServerEditResult.Saved>(await Editor.AddAsync(draft, "echo", everyone: true, Actor.Page(_cara), Stop));
        var before = (await _portal.FindAsync(_ana, "echo")).Destination;

        foreach (var name in new[] { "LD_PRELOAD", "NODE_OPTIONS", "PATH", "OTHER", "ECHO_TOKEN" })
        {
            var tried = draft with { Settings = new Dictionary<string, string> { [name] = "x" } };
            Assert.IsType<ServerEditResult.Invalid>(await Editor.ChangeAsync(saved.Id, saved.Version, tried, Actor.Page(_cara), Stop));
        }

        var changed = draft with { Settings = new Dictionary<string, string> { ["ECHO_MODE"] = "https://elsewhere.example" } };
        Assert.IsType<ServerEditResult.Saved>(await Editor.ChangeAsync(saved.Id, saved.Version, changed, Actor.Page(_cara), Stop));
        Assert.NotEqual(before, (await _portal.FindAsync(_ana, "echo")).Destination);
    }

    [Fact]
    public async Task A_member_can_have_so_many_servers_and_no_more()
    {
        foreach (var slug in new[] { "one", "two", "three" })
        {
            Assert.IsType<ServerEditResult.Saved>(await Editor.AddOwnAsync(_ana, Drafts.Http(slug), Actor.Page(_ana), Stop));
        }

        Assert.IsType<ServerEditResult.NotAllowed>(await Editor.AddOwnAsync(_ana, Drafts.Http("four"), Actor.Page(_ana), Stop));
    }

    [Fact]
    public async Task Every_change_leaves_its_entry_in_the_same_transaction()
    {
        var saved = await _portal.AddAsync(Drafts.Http("demo"));
        await Editor.ChangeAsync(saved.Id, saved.Version, Drafts.Http("demo", "https://elsewhere.example/"), Actor.Page(_cara), Stop);
        await Editor.SetAccessAsync(saved.Id, [], Actor.Page(_cara), Stop);
        await Editor.SetEnabledAsync(saved.Id, enabled: false, Actor.Page(_cara), Stop);
        await Editor.RemoveAsync(saved.Id, Actor.Page(_cara), Stop);

        Assert.Equal(
            "ServerAdded,ServerChanged,ServerAccessChanged,ServerDisabled,ServerRemoved",
            await _portal.ScalarAsync(db => db.System, "select string_agg(action, ',' order by id) from audit_entries"));
        Assert.Equal(5L, await _portal.ScalarAsync(db => db.System, "select count(*) from invalidations where kind = 4"));
    }
}
