using Bunit;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Clients.OAuth;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Clients.OAuth;

public sealed class AuthorisedClientsTests(PostgresCluster cluster) : PageTest(cluster)
{
    private readonly RegisteredClient _client = new() { ClientId = "mcp-1", Name = "Editor", CreatedAt = DateTimeOffset.UnixEpoch };

    [Fact]
    public async Task Without_any_it_says_how_a_client_gets_there()
    {
        var list = Show();

        await list.EventuallyAsync(() => Assert.Contains("None yet.", list.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_shows_what_can_act_now_and_ends_it_after_a_question()
    {
        await AddAsync(_client);
        var editor = Grant(Ana, "Editor", server: "email", scopes: [ClientScopes.Read], used: Clock.GetUtcNow().AddHours(-2));
        await AddAsync(
            editor, Grant(Ana, "Other"), Grant(Ben, "Bens"), Grant(Ana, "Ended", ended: true), Grant(Ana, "Never came back", began: false), Grant(Ana, "Long ago", days: -1));
        var list = Show();
        await list.EventuallyAsync(() => Assert.Equal(2, list.FindAll("li.row").Count));
        foreach (var words in (string[])["Read-only tools of email", "All tools of all servers", "signed in for editor.example", "2 h ago", "in 29 days"])
        {
            Assert.Contains(words, list.Markup, StringComparison.Ordinal);
        }

        await list.PressAsync(() => list.FindAll("li.row").Single(row => row.TextContent.Contains("Editor", StringComparison.Ordinal)).QuerySelector("button")!);
        await list.EventuallyAsync(() => Assert.Contains("It was last used 2 h ago.", list.Find("dialog").TextContent, StringComparison.Ordinal));
        await list.PressAsync(() => list.FindAll("dialog .modal-actions button")[1]);

        await list.EventuallyAsync(() => Assert.Contains("Other", Assert.Single(list.FindAll("li.row")).TextContent, StringComparison.Ordinal));
        await using var scope = await Database.ForSystemAsync(Stop);
        Assert.NotNull((await scope.Db.ClientGrants.SingleAsync(g => g.Id == editor.Id, Stop)).RevokedAt);
        Assert.Equal(1, await scope.Db.AuditEntries.CountAsync(a => a.Action == nameof(AuditAction.GrantRevoked) && a.ActorId == Ana, Stop));
        Assert.Equal(1, await scope.Db.ClientGrants.CountAsync(g => g.UserId == Ben && g.RevokedAt == null, Stop));
    }

    [Fact]
    public async Task Five_hundred_are_all_there()
    {
        await AddAsync(_client);
        await AddAsync(Enumerable.Range(0, 500).Select(i => Grant(Ana, $"client {i}")));
        var list = Show();

        await list.EventuallyAsync(() => Assert.Equal(500, list.FindAll("li.row").Count));
    }

    [Fact]
    public async Task A_failed_load_says_so()
    {
        var list = Show(DeafDatabase);

        await list.EventuallyAsync(() => Assert.Contains("Your authorised clients could not be loaded.", list.Find(".error-what").TextContent, StringComparison.Ordinal));
    }

    private ClientGrant Grant(UserId user, string name, string? server = null, IReadOnlyList<string>? scopes = null, DateTimeOffset? used = null, bool ended = false, bool began = true, int days = 29) => new()
    {
        UserId = user, ClientId = _client.Id, ClientName = name, ClientHost = "editor.example", ServerSlug = server, Scopes = scopes ?? ClientScopes.All, LastUsedAt = used,
        CreatedAt = Clock.GetUtcNow(), BeganAt = began ? Clock.GetUtcNow() : null, ExpiresAt = Clock.GetUtcNow().AddDays(days), RevokedAt = ended ? Clock.GetUtcNow() : null,
    };

    private IRenderedComponent<AuthorisedClients> Show(PortalDatabase? database = null)
    {
        SignIn(Ana);
        Use(new ClientGrants(database ?? Database, Portal.Get<Fingerprints>(), Portal.Get<AuditLog>(), Portal.Invalidations, new ClientsOptions(), Clock));
        return Open<AuthorisedClients>();
    }
}
