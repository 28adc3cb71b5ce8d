using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace McpPortal.Tests.Accounts;

public sealed class UsersTests(PostgresCluster cluster) : IAsyncLifetime
{
    private readonly AuditLog _audit = new(TimeProvider.System);
    private readonly Invalidations _invalidations = new(TimeProvider.System);
    private TestDatabase _test = null!;
    private PortalDatabase _database = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Users Users => new(_database, _audit, _invalidations, TimeProvider.System);

    private SignIns SignIns => new(_database, _audit, _invalidations, TimeProvider.System,
        Options.Create(new OidcSettings { AdminRoles = ["boss"], BootstrapAdmins = ["first"] }), Options.Create(new AccountsOptions()));

    public async ValueTask InitializeAsync()
    {
        _test = await cluster.CreateAsync(Stop);
        _database = new PortalDatabase(_test.Options);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _test.DisposeAsync();
    }

    [Fact]
    public async Task The_same_address_from_two_subjects_or_issuers_is_two_people()
    {
        var one = await SignInAsync("a", email: "same@example.test");
        Assert.NotEqual(one.User, (await SignInAsync("b", email: "same@example.test")).User);
        Assert.NotEqual(one.User, (await SignInAsync("a", issuer: "https://other.example", email: "same@example.test")).User);
        Assert.Equal(one.User, (await SignInAsync("a", email: "new@example.test")).User);
        Assert.Equal(one.User, await Users.FindAsync("new@example.test", "https://login.example", Stop));
        Assert.Null(await Users.FindAsync("new@example.test", "https://other.example", Stop));
        Assert.Equal(one.User, await Users.FindAsync("https://login.example|a", "", Stop));
        await SignInAsync("c", email: "new@example.test");
        Assert.Null(await Users.FindAsync("new@example.test", "https://login.example", Stop));
    }

    [Fact]
    public async Task Fifty_first_sign_ins_at_once_make_one_person()
    {
        var states = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SignInAsync("first")));
        Assert.Single(states.Select(s => s.User).Distinct());
        await using var scope = await _database.ForSystemAsync(Stop);
        Assert.Equal(Roles.Admin, (await scope.Db.Users.SingleAsync(Stop)).Roles);
        Assert.Equal(1, await scope.Db.AuditEntries.CountAsync(a => a.Action == nameof(AuditAction.UserCreated), Stop));
        Assert.Equal(50, await scope.Db.SignInSessions.CountAsync(Stop));
    }

    [Fact]
    public async Task Two_admins_who_disable_each_other_leave_one()
    {
        for (var round = 0; round < 5; round++)
        {
            var one = (await SignInAsync($"one-{round}", roles: "boss")).User;
            var two = (await SignInAsync($"two-{round}", roles: "boss")).User;
            var results = await Task.WhenAll(Users.DisableAsync(one, Actor.Page(two), Stop), Users.DisableAsync(two, Actor.Page(one), Stop));
            Assert.Single(results, UserChange.Done);
            Assert.Single(results, UserChange.LastAdmin);
            var left = Assert.Single(await Users.ListAsync(Stop), u => u.Status == UserStatus.Active);
            Assert.Equal(UserChange.LastAdmin, await Users.DisableAsync(left.Id, Actor.CommandLine, Stop));

            // For the next round somebody new takes over.
            var next = (await SignInAsync("first")).User;
            Assert.Equal(UserChange.Done, await Users.DisableAsync(left.Id, Actor.CommandLine, Stop));
            await using var scope = await _database.ForSystemAsync(Stop);
            await scope.Db.SignInSessions.ExecuteDeleteAsync(Stop);
            await scope.Db.Identities.Where(i => i.UserId == next).ExecuteDeleteAsync(Stop);
            await scope.Db.Users.Where(u => u.Id == next).ExecuteDeleteAsync(Stop);
            await scope.CommitAsync(Stop);
        }
    }

    [Fact]
    public async Task A_change_writes_its_audit_row_and_its_invalidation_with_it()
    {
        await SignInAsync("first");
        var user = (await SignInAsync("a")).User;
        Assert.Equal(UserChange.Done, await Users.GrantAdminAsync(user, Actor.CommandLine, Stop));
        Assert.Equal(UserChange.Unchanged, await Users.GrantAdminAsync(user, Actor.CommandLine, Stop));
        Assert.Equal(UserChange.NotFound, await Users.GrantAdminAsync(UserId.New(), Actor.CommandLine, Stop));
        Assert.Equal(Roles.Admin, (await SignInAsync("a")).Roles);
        Assert.Equal(UserChange.Done, await Users.RevokeAdminAsync(user, Actor.CommandLine, Stop));
        await using var scope = await _database.ForSystemAsync(Stop);
        Assert.Equal(2, await scope.Db.AuditEntries.CountAsync(a => a.Action == nameof(AuditAction.UserRolesChanged) && a.ConcernsUserId == user, Stop));
        Assert.Equal(2, await scope.Db.Invalidations.CountAsync(i => i.Kind == (int)InvalidationKind.User && i.Subject == user.Value, Stop));
    }

    [Fact]
    public async Task A_role_that_the_provider_no_longer_claims_is_gone_at_the_next_sign_in()
    {
        Assert.Equal(Roles.Admin, (await SignInAsync("a", roles: "boss")).Roles);
        Assert.Equal(Roles.None, (await SignInAsync("a")).Roles);
    }

    [Fact]
    public async Task A_back_channel_logout_ends_what_it_names_and_nothing_begun_later()
    {
        var states = new AccountStates(_database, _invalidations, TimeProvider.System, new SingleUserMode(false));
        var one = await SignInAsync("a", sid: "s1");
        var two = await SignInAsync("a", sid: "s2");
        var other = await SignInAsync("b", sid: "s1b");
        var now = TimeProvider.System.GetUtcNow();
        Assert.Equal(0, await SignIns.EndAsync(new LogoutRequest("https://login.example", "a", "s1", now - TimeSpan.FromMinutes(3)), Stop));
        Assert.Equal(0, await SignIns.EndAsync(new LogoutRequest("https://other.example", null, "s1", now), Stop));
        Assert.Equal(0, await SignIns.EndAsync(new LogoutRequest("https://login.example", "nobody", null, now), Stop));
        Assert.NotNull(await states.GetAsync(one.Session, one.User, Stop));
        Assert.Equal(1, await SignIns.EndAsync(new LogoutRequest("https://login.example", null, "s1", now), Stop));
        Assert.Null(await states.GetAsync(one.Session, one.User, Stop));
        Assert.NotNull(await states.GetAsync(two.Session, two.User, Stop));
        Assert.Equal(1, await SignIns.EndAsync(new LogoutRequest("https://login.example", "a", null, now), Stop));
        Assert.Null(await states.GetAsync(two.Session, two.User, Stop));
        Assert.NotNull(await states.GetAsync(other.Session, other.User, Stop));
        Assert.Null(await states.GetAsync(other.Session, one.User, Stop));
    }

    [Fact]
    public async Task Nobody_ends_the_sign_in_of_another()
    {
        var one = await SignInAsync("a");
        var two = await SignInAsync("b");
        Assert.False(await SignIns.EndAsync(two.User, one.Session, Actor.Page(two.User), Stop));
        Assert.True(await SignIns.EndAsync(one.User, one.Session, Actor.Page(one.User), Stop));
    }

    private async Task<AccountState> SignInAsync(string subject, string issuer = "https://login.example", string? email = null, string? roles = null, string? sid = null)
    {
        var identity = new OidcIdentity { Issuer = issuer, Subject = subject, Name = subject, Email = email, EmailVerified = email is not null, RoleValues = roles is null ? [] : [roles], SessionId = sid };
        return Assert.IsType<SignInOutcome.Accepted>(await SignIns.BeginAsync(identity, "test", Stop)).State;
    }
}
