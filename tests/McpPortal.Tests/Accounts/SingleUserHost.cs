using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Accounts;

/// <summary>The real portal in single-user mode, and the requests of its person's browser and programs.</summary>
internal static partial class SingleUserHost
{
    /// <summary>A provider that nobody asks.</summary>
    public const string Nowhere = "http://127.0.0.1:9";

    private static readonly (string, string)[] Mode = [("Portal:SingleUser", "true"), ("Oidc:Authority", "")];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<PortalHost> StartAsync(PostgresCluster cluster) => await ReadyAsync(await PortalHost.StartAsync(cluster, Nowhere, Ports.Free(), Mode));

    /// <summary>The same installation, started again in single-user mode or with sign-in through a provider.</summary>
    public static async Task<PortalHost> AgainAsync(this PortalHost host, bool singleUser) =>
        await ReadyAsync(await host.AnotherNodeAsync(host.Database, Nowhere, Ports.Free(), singleUser ? Mode : []));

    public static async Task<string> KeyAsync(this PortalHost host, UserId? user = null, bool readOnly = false, IReadOnlyList<ServerId>? servers = null, DateTimeOffset? expires = null) =>
        (await host.Services.GetRequiredService<AccessKeys>().CreateAsync(user ?? SingleUserMode.User, "test", readOnly, servers, expires, Actor.CommandLine, Stop))!;

    /// <summary>Whether a program gets in with the key: what it asks for does not exist, which only somebody who is in is told.</summary>
    public static async Task<bool> LetsInAsync(this PortalHost host, string? key, string? username = null)
    {
        using var program = host.Browser();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/secrets/delete") { Content = JsonContent.Create(new { username, serverName = "none", secretName = "none" }) };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using var answer = await program.SendAsync(request, Stop);
        var body = await answer.Content.ReadAsStringAsync(Stop);
        return answer.StatusCode switch
        {
            HttpStatusCode.NotFound when body.Contains("no such server", StringComparison.Ordinal) => true,
            HttpStatusCode.NotFound when body.Contains("no such user", StringComparison.Ordinal) => false,
            HttpStatusCode.Unauthorized => false,
            _ => throw new InvalidOperationException($"{answer.StatusCode}: {body}"),
        };
    }

    /// <summary>Opens the page and sends its form with the key.</summary>
    public static async Task<(HttpStatusCode Status, string Answer, HttpResponseHeaders Headers)> SignInAsync(this HttpClient browser, string key, string returnUrl = "/connections")
    {
        var address = new Uri("/signin?returnUrl=" + Uri.EscapeDataString(returnUrl), UriKind.Relative);
        var page = await browser.GetStringAsync(address, Stop);
        var fields = Hidden().Matches(page).Select(m => KeyValuePair.Create(m.Groups["name"].Value, m.Groups["value"].Value)).Append(KeyValuePair.Create("key", key));
        using var answer = await browser.PostAsync(address, new FormUrlEncodedContent(fields), Stop);
        return (answer.StatusCode, answer.Headers.Location?.OriginalString ?? await answer.Content.ReadAsStringAsync(Stop), answer.Headers);
    }

    public static Task<string> WhoAsync(this HttpClient browser) => browser.GetStringAsync(new Uri("/test/whoami", UriKind.Relative), Stop);

    private static async Task<PortalHost> ReadyAsync(PortalHost host)
    {
        using var browser = host.Browser();
        var (status, _) = await Eventually.AskAsync(() => browser.GetStatusAsync("/readyz"), status => status == HttpStatusCode.OK, TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.OK, status);
        return host;
    }

    private static async Task<HttpStatusCode> GetStatusAsync(this HttpClient browser, string path)
    {
        using var answer = await browser.GetAsync(new Uri(path, UriKind.Relative), Stop);
        return answer.StatusCode;
    }

    [GeneratedRegex("""<input\stype="hidden"\sname="(?<name>[^"]+)"\svalue="(?<value>[^"]*)" """, RegexOptions.IgnorePatternWhitespace, 1000)]
    private static partial Regex Hidden();
}
