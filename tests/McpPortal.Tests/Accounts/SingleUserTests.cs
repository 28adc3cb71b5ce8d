using System.Net;
using McpPortal.Accounts;
using McpPortal.Accounts.Oidc;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Accounts;

public sealed class SingleUserTests(PostgresCluster cluster)
{
    private static readonly TimeSpan Revoked = TimeSpan.FromSeconds(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_person_signs_in_with_a_key_administers_the_portal_and_signs_out()
    {
        await using var host = await SingleUserHost.StartAsync(cluster);
        using var browser = host.Browser();
        var (status, back, _) = await browser.SignInAsync(await host.KeyAsync());
        Assert.Equal((HttpStatusCode.Found, "/connections"), (status, new Uri(new Uri(host.Address), back).PathAndQuery));
        Assert.StartsWith($"{SingleUserMode.User} default admin=True", await browser.WhoAsync(), StringComparison.Ordinal);
        foreach (var page in (string[])["/", "/access", "/profile", "/admin", "/admin/users", "/admin/servers"])
        {
            using var answer = await browser.GetAsync(new Uri(page, UriKind.Relative), Stop);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{page}: {answer.StatusCode}");
        }

        var token = await browser.GetStringAsync(new Uri("/test/token", UriKind.Relative), Stop);
        using var left = await browser.PostAsync(new Uri("/signout", UriKind.Relative), new FormUrlEncodedContent([KeyValuePair.Create("__RequestVerificationToken", token)]), Stop);
        Assert.Equal("/", left.Headers.Location?.OriginalString);
        Assert.Equal("nobody", await browser.WhoAsync());

        await using var scope = await host.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop);
        var actions = await scope.Db.AuditEntries.Select(a => a.Action).Distinct().ToListAsync(Stop);
        Assert.All(
            (AuditAction[])[AuditAction.UserCreated, AuditAction.AccessKeyCreated, AuditAction.UserSignedIn, AuditAction.UserSignedOut],
            action => Assert.Contains(action.ToString(), actions));
    }

    [Fact]
    public async Task Programs_name_the_caller_default_or_nobody()
    {
        await using var host = await SingleUserHost.StartAsync(cluster);
        var key = await host.KeyAsync();
        Assert.True(await host.LetsInAsync(key));
        Assert.True(await host.LetsInAsync(key, "default"));
        Assert.False(await host.LetsInAsync(key, "ana@sandbox.test"));
        Assert.False(await host.LetsInAsync(key, "Default"));
        Assert.False(await host.LetsInAsync(null));
    }

    [Fact]
    public async Task Revoking_a_key_ends_the_sign_ins_that_began_with_it_and_no_others()
    {
        await using var host = await SingleUserHost.StartAsync(cluster);
        using var stays = host.Browser();
        using var goes = host.Browser();
        await stays.SignInAsync(await host.KeyAsync());
        var key = await host.KeyAsync();
        await goes.SignInAsync(key);
        Assert.NotEqual("nobody", await goes.WhoAsync());

        Assert.True(AccessKeyText.TryParse(key, out var id));
        Assert.True(await host.Services.GetRequiredService<AccessKeys>().RevokeAsync(SingleUserMode.User, id, Actor.Page(SingleUserMode.User), Stop));
        var (who, after) = await Eventually.AskAsync(goes.WhoAsync, who => who == "nobody", TimeSpan.FromSeconds(30));
        Assert.Equal("nobody", who);
        Assert.True(after < Revoked, $"after {after}");
        Assert.NotEqual("nobody", await stays.WhoAsync());
    }

    [Fact]
    public async Task A_sign_in_lasts_no_longer_than_its_key()
    {
        await using var host = await SingleUserHost.StartAsync(cluster);
        var end = TimeProvider.System.GetUtcNow().AddMinutes(30);
        using var browser = host.Browser();
        await browser.SignInAsync(await host.KeyAsync(expires: end));
        await using var scope = await host.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop);
        Assert.Equal(end, (await scope.Db.SignInSessions.SingleAsync(Stop)).ExpiresAt, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task Changing_between_the_modes_makes_nobody_somebody_else()
    {
        await using var single = await SingleUserHost.StartAsync(cluster);
        var mine = await single.KeyAsync();
        using var browser = single.Browser();
        await browser.SignInAsync(mine);
        var cookies = PortalHost.Cookies(browser, single.Address);

        // With a provider: a person who is called the same there is somebody else, and the one user is out with key and cookie.
        await using var many = await single.AgainAsync(singleUser: false);
        var ana = Assert.IsType<SignInOutcome.Accepted>(await many.Services.GetRequiredService<SignIns>()
            .BeginAsync(new OidcIdentity { Issuer = SingleUserHost.Nowhere, Subject = "default", Name = "default" }, null, Stop)).State;
        Assert.NotEqual(SingleUserMode.User, ana.User);
        Assert.Equal(Roles.None, ana.Roles);
        var hers = await many.KeyAsync(ana.User);
        Assert.True(await many.LetsInAsync(hers));
        Assert.False(await many.LetsInAsync(hers, "default"));
        Assert.False(await many.LetsInAsync(mine));
        Assert.Equal("nobody", await WhoAsync(many, cookies));
        Assert.Equal(UserStatus.Disabled, (await many.Users.ListAsync(Stop)).Single(u => u.Id == SingleUserMode.User).Status);

        // Not even an administrator who enables the account lets it in.
        Assert.Equal(UserChange.Done, await many.Users.EnableAsync(SingleUserMode.User, Actor.CommandLine, Stop));
        Assert.False(await many.LetsInAsync(mine));

        await using var again = await single.AgainAsync(singleUser: true);
        Assert.True(await again.LetsInAsync(mine));
        Assert.False(await again.LetsInAsync(hers));
        Assert.Null(await again.Services.GetRequiredService<AccountStates>().GetAsync(ana.Session, ana.User, Stop));
        Assert.Equal("nobody", await WhoAsync(again, cookies));
    }

    private static async Task<string> WhoAsync(PortalHost host, string cookies)
    {
        using var browser = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = new Uri(host.Address) };
        browser.DefaultRequestHeaders.Add("Cookie", cookies);
        return await browser.WhoAsync();
    }
}
