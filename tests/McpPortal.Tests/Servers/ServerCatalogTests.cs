using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Servers;

public sealed class ServerCatalogTests(PostgresCluster cluster) : IAsyncLifetime
{
    private PortalServices _portal = null!;
    private UserId _ana;
    private UserId _ben;
    private GroupId _team;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _portal = await PortalServices.CreateAsync(cluster, Stop);
        _ana = await _portal.AddUserAsync("ana");
        _ben = await _portal.AddUserAsync("ben");
        _team = await _portal.AddGroupAsync("team", _ana);
    }

    public ValueTask DisposeAsync() => _portal.DisposeAsync();

    [Theory]
    [InlineData("", false, false)]
    [InlineData("+everyone", true, true)]
    [InlineData("+team", true, false)]
    [InlineData("+ben", false, true)]
    [InlineData("+team +ben", true, true)]
    [InlineData("+everyone -team", false, true)]
    [InlineData("+everyone -ben", true, false)]
    [InlineData("+ana -team", false, false)]
    [InlineData("+everyone +team +ana -everyone", false, false)]
    [InlineData("-ben", false, false)]
    public async Task A_server_is_seen_by_whom_rules_allow_and_a_denial_wins(string rules, bool ana, bool ben)
    {
        // One subject has one rule in the database; the two rules of one subject in the last row but one are the pure function's business.
        var parsed = rules.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse).ToList();
        var saved = await _portal.AddAsync(Drafts.Http("demo"), everyone: false);

        var stored = parsed.GroupBy(r => (r.Subject, r.SubjectId)).Select(g => g.Last()).ToList();
        Assert.IsType<ServerEditResult.Saved>(await _portal.Get<ServerEditor>().SetAccessAsync(saved.Id, stored, Actor.CommandLine, Stop));

        _portal.HearInvalidations();
        var catalog = _portal.Get<ServerCatalog>();
        foreach (var (user, seen) in new[] { (_ana, ana), (_ben, ben) })
        {
            Assert.Equal(seen, await catalog.FindAsync(user, "demo", Stop) is not null);
            Assert.Equal(seen, await catalog.FindAsync(user, saved.Id, Stop) is not null);
            Assert.Equal(seen, (await catalog.ListAsync(user, Stop)).Any(s => s.Id == saved.Id));
        }

        Assert.Equal(ana, ServerAccessRules.Allow(parsed.Select(r => r.For(saved.Id)), _ana, new HashSet<Guid> { _team.Value }));
    }

    [Fact]
    public async Task A_foreign_server_of_a_person_is_missing_for_everybody_else()
    {
        var editor = _portal.Get<ServerEditor>();
        var mine = Assert.IsType<ServerEditResult.Saved>(await editor.AddOwnAsync(_ana, Drafts.Http("mine"), Actor.Page(_ana), Stop));

        Assert.Equal(Owner.Of(_ana), (await _portal.FindAsync(_ana, "mine")).Owner);
        var catalog = _portal.Get<ServerCatalog>();
        Assert.Null(await catalog.FindAsync(_ben, "mine", Stop));
        Assert.Null(await catalog.FindAsync(_ben, mine.Id, Stop));
        Assert.IsType<ServerEditResult.NotFound>(await editor.ChangeAsync(mine.Id, mine.Version, Drafts.Http("mine", "https://evil.example/"), Actor.Page(_ben), Stop));
        Assert.IsType<ServerEditResult.NotFound>(await editor.RemoveAsync(mine.Id, Actor.Page(_ben), Stop));
        Assert.IsType<ServerEditResult.NotFound>(await editor.SetEnabledAsync(mine.Id, enabled: false, Actor.Page(_ben), Stop));

        // Administrators included: a member's own server is nobody else's.
        var cara = await _portal.AddUserAsync("cara", Roles.Admin);
        Assert.IsType<ServerEditResult.NotFound>(await editor.ChangeAsync(mine.Id, mine.Version, Drafts.Http("mine", "https://evil.example/"), Actor.Page(cara), Stop));
        Assert.Equal("https://mcp.example.com:443", (await _portal.FindAsync(_ana, "mine")).Destination);
    }

    [Fact]
    public async Task ISO_8_Disabled_and_removed_servers_are_gone_from_the_catalogue_at_once()
    {
        var editor = _portal.Get<ServerEditor>();
        var saved = await _portal.AddAsync(Drafts.Http("demo"));
        var first = await _portal.FindAsync(_ana, "demo");

        await editor.SetEnabledAsync(saved.Id, enabled: false, Actor.CommandLine, Stop);
        Assert.Null(await _portal.Get<ServerCatalog>().FindAsync(_ana, "demo", Stop));

        await editor.SetEnabledAsync(saved.Id, enabled: true, Actor.CommandLine, Stop);
        var again = await _portal.FindAsync(_ana, "demo");
        Assert.True(again.Version > first.Version, "Enabling again must move the version, or sessions of before would be found.");

        await editor.RemoveAsync(saved.Id, Actor.CommandLine, Stop);
        Assert.Null(await _portal.Get<ServerCatalog>().FindAsync(_ana, "demo", Stop));

        // Its name is free again.
        await _portal.AddAsync(Drafts.Http("demo"));
        Assert.NotEqual(saved.Id, (await _portal.FindAsync(_ana, "demo")).Id);
    }

    [Fact]
    public async Task A_warm_catalogue_asks_no_database_and_is_one_object_for_all()
    {
        await _portal.AddAsync(Drafts.Http("demo"));
        var anas = await _portal.FindAsync(_ana, "demo");
        Assert.Same(anas, await _portal.FindAsync(_ben, "demo"));

        // A change that nobody announces is not seen, which shows that nobody asked.
        await ChangeBehindTheBackAsync("demo", "Renamed");
        Assert.Same(anas, await _portal.FindAsync(_ana, "demo"));

        _portal.Invalidations.Dispatch(new Invalidation(InvalidationKind.Everything, Guid.Empty));
        Assert.Equal("Renamed", (await _portal.FindAsync(_ana, "demo")).Name);
    }

    [Fact]
    public async Task A_node_that_may_have_missed_messages_asks_the_database()
    {
        await _portal.AddAsync(Drafts.Http("demo"));
        await _portal.FindAsync(_ana, "demo");
        await ChangeBehindTheBackAsync("demo", "Renamed");

        _portal.Invalidations.Heard(TimeProvider.System.GetTimestamp() - (3 * TimeProvider.System.TimestampFrequency));

        Assert.False(_portal.Invalidations.IsCurrent);
        Assert.Equal("Renamed", (await _portal.Get<ServerCatalog>().FindAsync(_ana, "demo", Stop))!.Name);
    }

    [Fact]
    public async Task ISO_8_Leaving_a_group_takes_its_servers_away()
    {
        var saved = await _portal.AddAsync(Drafts.Http("demo"), everyone: false);
        await _portal.Get<ServerEditor>().SetAccessAsync(saved.Id, [new AccessRule(AccessSubject.Group, _team.Value, Allow: true)], Actor.CommandLine, Stop);
        await _portal.FindAsync(_ana, "demo");

        await using (var scope = await _portal.Database.ForSystemAsync(Stop))
        {
            scope.Db.GroupMembers.RemoveRange(scope.Db.GroupMembers.Where(m => m.UserId == _ana));
            _portal.Invalidations.Publish(scope, InvalidationKind.Groups, _ana.Value);
            await scope.CommitAsync(Stop);
        }

        _portal.HearInvalidations();
        Assert.Null(await _portal.Get<ServerCatalog>().FindAsync(_ana, "demo", Stop));
    }

    [Fact]
    public async Task My_own_server_keeps_its_name_when_the_organisation_takes_it_too()
    {
        var mine = Assert.IsType<ServerEditResult.Saved>(await _portal.Get<ServerEditor>().AddOwnAsync(_ana, Drafts.Http("notes"), Actor.Page(_ana), Stop));
        var theirs = await _portal.AddAsync(Drafts.Http("notes", "https://other.example/"));

        Assert.Equal(mine.Id, (await _portal.FindAsync(_ana, "notes")).Id);
        Assert.Equal(theirs.Id, (await _portal.FindAsync(_ben, "notes")).Id);
        Assert.Single(await _portal.Get<ServerCatalog>().ListAsync(_ana, Stop));
    }

    private AccessRule Parse(string text)
    {
        var (subject, id) = text[1..] switch
        {
            "everyone" => (AccessSubject.Everyone, Guid.Empty),
            "team" => (AccessSubject.Group, _team.Value),
            "ana" => (AccessSubject.User, _ana.Value),
            _ => (AccessSubject.User, _ben.Value),
        };
        return new AccessRule(subject, id, text[0] == '+');
    }

    private async Task ChangeBehindTheBackAsync(string slug, string name)
    {
        await using var scope = await _portal.Database.ForSystemAsync(Stop);
        var row = scope.Db.Servers.Single(s => s.Slug == slug);
        row.Name = name;
        row.Version++;
        await scope.CommitAsync(Stop);
    }
}
