using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Sandbox.People;
using McpPortal.Tests.Promises;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Attacks.Circuits;

/// <summary>A page that was open when its sign-in ended, on the node where it ended and on another one.</summary>
[Collection(WholeProcesses.Name)]
public sealed class OpenCircuitTests(PortalPair portals)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    private const string Revoke = "Revoke";
    private const string RevokeForGood = "Revoke key";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task BLZ_1_A_disabled_user_acts_no_more_on_pages_that_are_open() => EndAsync("test-101", async (user, _) =>
        Assert.Equal(UserChange.Done, await portals.Services.Create<Users>().DisableAsync(user, Actor.CommandLine, Stop)));

    [Fact]
    public Task AUTH_14_Signing_out_in_another_window_ends_pages_that_are_open() => EndAsync("test-102", async (_, browser) =>
    {
        using var form = new FormUrlEncodedContent([new("__RequestVerificationToken", await TokenAsync(browser))]);
        using var answer = await browser.Http.PostAsync(new Uri("/signout", UriKind.Relative), form, Stop);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    });

    [Fact]
    public Task AUTH_14_A_back_channel_logout_ends_pages_that_are_open() => EndAsync("test-103", async (_, _) =>
    {
        using var answer = await portals.Sandbox.Browser.PostAsJsonAsync("/sandbox/sign-out", new { user = "test-103" }, Stop);
        Assert.Contains("200", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    });

    [Fact]
    public async Task BLZ_1_Whoever_lost_the_administrator_role_administers_nothing_on_pages_that_are_open()
    {
        using var browser = new PortalBrowser(portals.One.Address);
        Assert.Equal(HttpStatusCode.Found, await browser.SignInAsync("test-104"));
        var (former, users) = (await UserAsync("test-104"), portals.Services.Create<Users>());
        await portals.Services.AddUserAsync("victim");
        await portals.Services.AddUserAsync("other administrator", Roles.Admin);
        Assert.Equal(UserChange.Done, await users.GrantAdminAsync(former, Actor.CommandLine, Stop));
        List<(CircuitClient Page, Handler Disable)> open = [];
        foreach (var portal in portals.Both)
        {
            // News of the role may not have reached the other node.
            await Eventually.AskAsync(() => browser.IsSignedInAsync(new Uri(portal.Address, "/admin/users").AbsoluteUri), yes => yes, TimeSpan.FromSeconds(30));
            var page = await CircuitClient.OpenAsync(portal.Address, browser.Cookies, "/admin/users");
            var ask = await page.FindAsync("Disable");
            Assert.True(await page.ClickAsync(ask));
            open.Add((page, await page.FindAsync("Disable", than: ask)));
        }

        Assert.Equal(UserChange.Done, await users.RevokeAdminAsync(former, Actor.CommandLine, Stop));
        var clock = Stopwatch.StartNew();
        foreach (var (page, disable) in open)
        {
            await Eventually.AskAsync(() => Task.FromResult(page.Calls.Contains("Blazor._internal.navigationManager.refresh [true]")), told => told, Deadline - clock.Elapsed);
            Assert.Contains("Blazor._internal.navigationManager.refresh [true]", page.Calls);
        }

        await Task.Delay(clock.Elapsed < Deadline ? Deadline - clock.Elapsed : TimeSpan.Zero, Stop);
        foreach (var (page, disable) in open)
        {
            await page.ClickAsync(disable);
            await page.DisposeAsync();
        }

        Assert.Equal(0L, await portals.Services.ScalarAsync(d => d.Owner, $"select count(*) from audit_entries where action = '{nameof(AuditAction.UserDisabled)}' and actor_id = '{former}'"));
    }

    /// <summary>Pages on both nodes with the question “Revoke the key?” open; then the sign-in ends, and every button is tried.</summary>
    private async Task EndAsync(string name, Func<UserId, PortalBrowser, Task> end)
    {
        using var browser = new PortalBrowser(portals.One.Address);
        Assert.Equal(HttpStatusCode.Found, await browser.SignInAsync(name));
        var user = await UserAsync(name);
        await portals.Services.Get<AccessKeys>().CreateAsync(user, "still mine", readOnly: false, servers: null, expiresAt: null, Actor.Page(user), Stop);
        var cookies = browser.Cookies;
        await using var one = await OpenAsync(portals.One, cookies);
        await using var two = await OpenAsync(portals.Two, cookies);

        await end(user, browser);
        var clock = Stopwatch.StartNew();
        var last = await Task.WhenAll(LastAnswerAsync(one, clock), LastAnswerAsync(two, clock));

        Assert.All(last, after => Assert.InRange(after, TimeSpan.Zero, Deadline));
        foreach (var page in (CircuitClient[])[one, two])
        {
            await page.Hub.Closed.WaitAsync(TimeSpan.FromSeconds(10), Stop);
            Assert.Contains(page.Calls, call => call.StartsWith("Blazor._internal.navigationManager.navigateTo", StringComparison.Ordinal) && call.Contains("/signed-out", StringComparison.Ordinal));
            Assert.False(page.HasError);
        }

        foreach (var portal in portals.Both)
        {
            await using var again = new HubClient();
            await Assert.ThrowsAnyAsync<WebSocketException>(() => again.ConnectAsync(portal.Address, cookies, null, null, Stop));
            Assert.False(await browser.IsSignedInAsync(new Uri(portal.Address, "/profile").AbsoluteUri));
        }

        Assert.Equal(0L, await portals.Services.ScalarAsync(d => d.Owner, $"select count(*) from access_keys where user_id = '{user}' and revoked_at is not null"));
    }

    /// <summary>The page with its buttons, and with the question of the one that matters already open.</summary>
    private static async Task<CircuitClient> OpenAsync(ServingPortal portal, string cookies)
    {
        var page = await CircuitClient.OpenAsync(portal.Address, cookies, "/access");
        Assert.True(await page.ClickAsync(await page.FindAsync(Revoke)), "The button did nothing while signed in.");
        await page.FindAsync(RevokeForGood);
        return page;
    }

    /// <summary>Clicks the button that only asks until it is not answered any more, then the one that acts; when the last answer came.</summary>
    private static async Task<TimeSpan> LastAnswerAsync(CircuitClient page, Stopwatch clock)
    {
        var ask = await page.FindAsync(Revoke);
        var last = TimeSpan.Zero;
        while (await page.ClickAsync(ask))
        {
            last = clock.Elapsed;
            if (last > Deadline * 5)
            {
                break;
            }

            await Task.Delay(25, Stop);
        }

        Assert.False(await page.ClickAsync(await page.FindAsync(RevokeForGood)));
        return last;
    }

    private static async Task<string> TokenAsync(PortalBrowser browser)
    {
        var html = await browser.Http.GetStringAsync(new Uri("/profile", UriKind.Relative), Stop);
        return Regex.Match(html, "__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups["token"].Value;
    }

    private async Task<UserId> UserAsync(string name)
    {
        await using var scope = await portals.Services.Database.ForSystemAsync(Stop);
        return (await scope.Db.Identities.SingleAsync(i => i.Issuer == portals.Sandbox.Address && i.Subject == Residents.Find(name)!.Subject, Stop)).UserId;
    }
}
