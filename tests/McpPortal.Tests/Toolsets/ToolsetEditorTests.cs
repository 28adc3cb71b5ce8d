using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Servers;
using McpPortal.Toolsets;

namespace McpPortal.Tests.Toolsets;

public sealed class ToolsetEditorTests(PostgresCluster cluster) : IAsyncLifetime
{
    private PortalServices _portal = null!;
    private UserId _ana;
    private UserId _ben;
    private ServerId _server;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private ToolsetEditor Editor => _portal.Get<ToolsetEditor>();

    private ToolsetCatalog Catalog => _portal.Get<ToolsetCatalog>();

    public async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop);
        (_ana, _ben) = (await _portal.AddUserAsync("ana"), await _portal.AddUserAsync("ben"));
        await _portal.AddAsync(Drafts.Http("mail"));
        _server = (await _portal.Get<ServerCatalog>().FindAsync(_ana, "mail", Stop))!.Id;
    }

    public ValueTask DisposeAsync() => _portal.DisposeAsync();

    [Fact]
    public async Task Making_changing_and_deleting_are_audited_and_seen_at_once()
    {
        await MakeAsync(_ana, Draft("work", "send", "read"));
        var set = await FindAsync(_ana, "work");
        Assert.Equal(("work", ToolsetMode.List, 1L), (set.Name, set.Mode, set.Version));
        Assert.True(set.Has(_server, "send") && set.Has(_server, "read") && !set.Has(_server, "delete") && !set.Has(ServerId.New(), "send"));

        Assert.IsType<ToolsetEditResult.Saved>(await Editor.ChangeAsync(
            set.Id, set.Version, new ToolsetDraft { Name = "mail", Description = "For mail", Mode = ToolsetMode.Search, Servers = [new ToolsetChoice(_server, null)] }, Actor.Page(_ana), Stop));
        Assert.Null(await Catalog.FindAsync(_ana, "work", Stop));
        set = await FindAsync(_ana, "mail");
        Assert.Equal(("For mail", ToolsetMode.Search, 2L), (set.Description, set.Mode, set.Version));
        Assert.True(set.Has(_server, "delete"));

        Assert.True(await Editor.DeleteAsync(set.Id, Actor.Page(_ana), Stop));
        Assert.False(await Editor.DeleteAsync(set.Id, Actor.Page(_ana), Stop));
        Assert.Empty(await Catalog.ListAsync(_ana, Stop));
        Assert.Equal(0L, await _portal.ScalarAsync(d => d.Owner, "select count(*) from toolset_servers"));
        Assert.Equal("ToolsetCreated,ToolsetChanged,ToolsetDeleted", await _portal.ScalarAsync(
            d => d.Owner, $"select string_agg(action, ',' order by id) from audit_entries where subject_kind = 'toolset' and subject_id = '{set.Id}' and actor_id = '{_ana}'"));
    }

    [Theory]
    [InlineData("", nameof(ToolsetDraft.Name))]
    [InlineData("Work", nameof(ToolsetDraft.Name))]
    [InlineData(".work", nameof(ToolsetDraft.Name))]
    [InlineData("wo/rk", nameof(ToolsetDraft.Name))]
    [InlineData("set", nameof(ToolsetDraft.Name))]
    [InlineData("tool", nameof(ToolsetDraft.Name))]
    [InlineData("new", nameof(ToolsetDraft.Name))]
    [InlineData("taken", nameof(ToolsetDraft.Name))]
    public async Task Names_that_cannot_be_are_refused(string name, string field)
    {
        await MakeAsync(_ana, Draft("taken"));

        Assert.Equal(field, Assert.IsType<ToolsetEditResult.Invalid>(await Editor.CreateAsync(Draft(name), Actor.Page(_ana), Stop)).Field);
        await MakeAsync(_ben, Draft("taken"));
    }

    [Fact]
    public async Task Choices_that_cannot_be_are_refused()
    {
        IReadOnlyList<ToolsetChoice>[] choices =
        [
            [], [new(ServerId.New(), null)], [new(_server, [])], [new(_server, null), new(_server, ["a"])], [new(_server, [""])], [new(_server, [new string('x', 201)])],
            [new(_server, [.. Enumerable.Range(0, 1001).Select(i => $"t{i}")])], [.. Enumerable.Range(0, 101).Select(_ => new ToolsetChoice(ServerId.New(), null))],
        ];
        foreach (var servers in choices)
        {
            var result = await Editor.CreateAsync(new ToolsetDraft { Name = "work", Servers = servers }, Actor.Page(_ana), Stop);
            Assert.Equal(nameof(ToolsetDraft.Servers), Assert.IsType<ToolsetEditResult.Invalid>(result).Field);
        }

        Assert.Equal(nameof(ToolsetDraft.Mode), Assert.IsType<ToolsetEditResult.Invalid>(await Editor.CreateAsync(Draft("work") with { Mode = (ToolsetMode)7 }, Actor.Page(_ana), Stop)).Field);
        Assert.Empty(await Catalog.ListAsync(_ana, Stop));
        Assert.Equal(0L, await _portal.ScalarAsync(d => d.Owner, "select count(*) from audit_entries where subject_kind = 'toolset'"));
    }

    [Fact]
    public async Task A_server_of_somebody_else_cannot_be_chosen()
    {
        Assert.IsType<ServerEditResult.Saved>(await _portal.Get<ServerEditor>().AddOwnAsync(_ben, Drafts.Http("bens"), Actor.Page(_ben), Stop));
        var bens = (await _portal.Get<ServerCatalog>().FindAsync(_ben, "bens", Stop))!.Id;

        var foreign = await Editor.CreateAsync(new ToolsetDraft { Name = "work", Servers = [new ToolsetChoice(bens, null)] }, Actor.Page(_ana), Stop);
        var missing = await Editor.CreateAsync(new ToolsetDraft { Name = "work", Servers = [new ToolsetChoice(ServerId.New(), null)] }, Actor.Page(_ana), Stop);

        Assert.IsType<ToolsetEditResult.Invalid>(foreign);
        Assert.Equal(missing, foreign);
    }

    [Fact]
    public async Task A_server_that_was_lost_may_stay_and_keeps_its_name()
    {
        await MakeAsync(_ana, Draft("work", "send"));
        var set = await FindAsync(_ana, "work");
        Assert.IsType<ServerEditResult.Saved>(await _portal.Get<ServerEditor>().RemoveAsync(_server, Actor.CommandLine, Stop));

        Assert.IsType<ToolsetEditResult.Saved>(await Editor.ChangeAsync(set.Id, set.Version, Draft("work", "send", "read"), Actor.Page(_ana), Stop));

        Assert.Equal("Server mail", Assert.Single((await FindAsync(_ana, "work")).Parts).ServerName);
        Assert.IsType<ToolsetEditResult.Invalid>(await Editor.CreateAsync(Draft("again"), Actor.Page(_ana), Stop));
    }

    [Fact]
    public async Task Of_two_editors_one_is_told()
    {
        await MakeAsync(_ana, Draft("work"));
        var set = await FindAsync(_ana, "work");

        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(i => Editor.ChangeAsync(set.Id, set.Version, Draft("work", $"tool-{i}"), Actor.Page(_ana), Stop)));

        Assert.Single(both.OfType<ToolsetEditResult.Saved>());
        Assert.Single(both.OfType<ToolsetEditResult.ChangedMeanwhile>());
        Assert.Equal(2L, await _portal.ScalarAsync(d => d.Owner, "select count(*) from audit_entries where subject_kind = 'toolset'"));
    }

    [Fact]
    public async Task Of_two_of_one_name_made_at_once_one_is_made()
    {
        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Editor.CreateAsync(Draft("work"), Actor.Page(_ana), Stop)));

        Assert.Single(both.OfType<ToolsetEditResult.Saved>());
        Assert.Equal(nameof(ToolsetDraft.Name), Assert.Single(both.OfType<ToolsetEditResult.Invalid>()).Field);
    }

    [Fact]
    public async Task Nobody_reaches_a_set_of_somebody_else()
    {
        await MakeAsync(_ana, Draft("work"));
        var set = await FindAsync(_ana, "work");

        Assert.IsType<ToolsetEditResult.NotFound>(await Editor.ChangeAsync(set.Id, set.Version, Draft("mine"), Actor.Page(_ben), Stop));
        Assert.IsType<ToolsetEditResult.NotFound>(await Editor.ChangeAsync(set.Id, set.Version, Draft("mine"), Actor.CommandLine, Stop));
        Assert.False(await Editor.DeleteAsync(set.Id, Actor.Page(_ben), Stop));
        Assert.Null(await Catalog.FindAsync(_ben, "work", Stop));
        Assert.Equal(set.Version, (await FindAsync(_ana, "work")).Version);
    }

    [Fact]
    public async Task Fifty_are_enough()
    {
        for (var i = 0; i < ToolsetRules.MaxPerUser; i++)
        {
            await MakeAsync(_ana, Draft($"set-{i}"));
        }

        Assert.IsType<ToolsetEditResult.NotAllowed>(await Editor.CreateAsync(Draft("one-more"), Actor.Page(_ana), Stop));
        await MakeAsync(_ben, Draft("one-more"));
    }

    private ToolsetDraft Draft(string name, params string[] tools) => new() { Name = name, Servers = [new ToolsetChoice(_server, tools.Length == 0 ? null : tools)] };

    private async Task MakeAsync(UserId user, ToolsetDraft draft) => Assert.IsType<ToolsetEditResult.Saved>(await Editor.CreateAsync(draft, Actor.Page(user), Stop));

    private async Task<ToolsetSnapshot> FindAsync(UserId user, string name) => Assert.IsType<ToolsetSnapshot>(await Catalog.FindAsync(user, name, Stop));
}
