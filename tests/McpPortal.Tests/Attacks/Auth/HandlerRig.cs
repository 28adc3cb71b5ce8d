using System.Net;
using McpPortal.Data;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Connections;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace McpPortal.Tests.Attacks.Auth;

/// <summary>The whole portal before a provider that may turn evil, with everything logged.</summary>
internal sealed class HandlerRig : IAsyncDisposable
{
    private HandlerRig(PortalHost portal, EvilProvider provider, CollectedLogs logs) => (Portal, Provider, Logs) = (portal, provider, logs);

    public PortalHost Portal { get; }

    public EvilProvider Provider { get; }

    public CollectedLogs Logs { get; }

    /// <summary>Neither cookies nor redirects: what a request carries is what the test puts in.</summary>
    public HttpClient Bare { get; } = new(new HttpClientHandler { UseCookies = false, AllowAutoRedirect = false });

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static Task<HandlerRig> StartAsync(PostgresCluster cluster, bool listen = true, params (string Key, string Value)[] settings) => StartAsync(cluster, TimeProvider.System, listen, settings);

    public static async Task<HandlerRig> StartAsync(PostgresCluster cluster, TimeProvider time, bool listen = true, params (string Key, string Value)[] settings)
    {
        var logs = new CollectedLogs();
        var provider = await EvilProvider.StartAsync(Ports.Free(), listen);
        var portal = await PortalHost.StartAsync(cluster, time, provider.Issuer, Ports.Free(), [("Logging:LogLevel:Default", "Trace"), .. settings]);
        portal.Services.GetRequiredService<ILoggerFactory>().AddProvider(logs);
        return new HandlerRig(portal, provider, logs);
    }

    /// <summary>Goes to the provider and back up to the address with the code, which is not opened.</summary>
    public static async Task<Uri> CallbackAsync(HttpClient browser, string path = "/signin")
    {
        using var start = await browser.GetAsync(new Uri(path, UriKind.Relative), Stop);
        Assert.True(start.StatusCode == HttpStatusCode.Found, await start.Content.ReadAsStringAsync(Stop));
        using var back = await browser.GetAsync(start.Headers.Location, Stop);
        Assert.True(back.StatusCode == HttpStatusCode.Found, await back.Content.ReadAsStringAsync(Stop));
        return back.Headers.Location!;
    }

    public static async Task<(HttpStatusCode Status, string Page)> SignInAsync(HttpClient browser, string path = "/signin")
    {
        using var answer = await browser.GetAsync(await CallbackAsync(browser, path), Stop);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    /// <summary>Somebody who has signed in, and their cookies.</summary>
    public async Task<(string Cookies, UserId User)> PersonAsync(string subject)
    {
        Provider.Subject = subject;
        using var browser = Portal.Browser();
        Assert.Equal(HttpStatusCode.Found, (await SignInAsync(browser)).Status);
        var id = (Guid)(await SqlAsync($"select user_id from identities where subject = '{subject}'"))!;
        return (PortalHost.Cookies(browser, Portal.Address), new UserId(id));
    }

    /// <summary>Runs SQL as the owner of the tables.</summary>
    public async Task<object?> SqlAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Portal.Database.Owner);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }

    public static Task<string> WhoAsync(HttpClient browser) => browser.GetStringAsync(new Uri("/test/whoami", UriKind.Relative), Stop);

    /// <summary>A refusal is complete: a page that says so, nobody signed in, nothing kept, nothing told.</summary>
    public async Task AssertRefusedAsync(HttpClient browser, Uri callback, int status, string sentence)
    {
        var rows = await RowsAsync();
        using var answer = await browser.GetAsync(callback, Stop);
        var page = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode}: {page}");
        Assert.Contains(sentence, WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Contains("href=\"/signin\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain(answer.Headers.TryGetValues("Set-Cookie", out var set) ? set : [], cookie => cookie.StartsWith("portal-session=", StringComparison.Ordinal) && !cookie.StartsWith("portal-session=;", StringComparison.Ordinal));
        Assert.Equal("nobody", await WhoAsync(browser));
        Assert.Equal(rows, await RowsAsync());
        AssertNothingTold(page);
    }

    /// <summary>Neither the log nor the page holds a code, a token or a secret.</summary>
    public void AssertNothingTold(string page)
    {
        foreach (var secret in Provider.Told.Append("sandbox-only-not-a-secret-portal"))
        {
            Assert.DoesNotContain(secret, page, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, Logs.Text, StringComparison.Ordinal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Bare.Dispose();
        await Portal.DisposeAsync();
        await Provider.DisposeAsync();
    }

    private async Task<long> RowsAsync() =>
        (long)(await SqlAsync("select (select count(*) from users) + (select count(*) from identities) + (select count(*) from sign_in_sessions)"))!;
}
