using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Clients.OAuth;

/// <summary>The whole way of real clients that know nothing but an address, with a person who signs in and consents.</summary>
public sealed partial class BareAddressTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v1", "/mcp", "who__whoami")]
    [InlineData("v2", "/mcp", "who__whoami")]
    [InlineData("v1", "/mcp/who", "whoami")]
    [InlineData("v2", "/mcp/who", "whoami")]
    public async Task A_TypeScript_client_signs_in_calls_refreshes_and_gives_its_access_back(string mode, string path, string tool)
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        using var browser = rig.Portal.Browser();
        var hash = await SignedInAsync(rig, browser);
        await using var client = ChildProcess.Start(Repository.Node, [Path.Combine(Repository.Root, "tests", "peers", "oauth-client.mjs"), mode, rig.Address(path).AbsoluteUri, tool]);
        var opened = await client.WaitForLineAsync(line => line.StartsWith("open ", StringComparison.Ordinal), cancellationToken: Stop);

        await ConsentAsync(browser, new Uri(opened["open ".Length..]));

        var seen = JsonNode.Parse(await client.WaitForLineAsync(line => line.StartsWith('{'), cancellationToken: Stop))!;
        Assert.Equal("UnauthorizedError", (string?)seen["error"]);
        Assert.Equal(("state-of-the-client", rig.Portal.Address, rig.Portal.Address), ((string?)seen["state"], (string?)seen["iss"], (string?)seen["issuer"]));
        Assert.Contains(tool, seen["tools"]!.AsArray().Select(name => (string)name!));
        Assert.Equal((hash, hash), ((string?)seen["sha256"], (string?)seen["again"]));
        Assert.Equal("mcp:read mcp:call", (string?)seen["scope"]);
        Assert.True((bool)seen["rotated"]!);
        Assert.Equal((200, 401), ((int)seen["revoked"]!, (int)seen["refused"]!));
        Assert.Contains("error=\"invalid_token\"", (string?)seen["challenge"], StringComparison.Ordinal);
        Assert.Equal(0, await client.Exited);
    }

    [Fact]
    public async Task The_conformance_suite_for_authorization_servers_passes()
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        using var browser = rig.Portal.Browser();
        await SignedInAsync(rig, browser);
        var port = Ports.Free();
        var id = await rig.ClientAsync("http://127.0.0.1/callback");
        var folder = Directory.CreateTempSubdirectory("conformance-");
        await using var suite = ChildProcess.Start(
            Repository.Node,
            [
                Path.Combine(Repository.Peers, "conformance-0.2", "dist", "index.js"), "authorization", "--url", rig.Portal.Address, "--client-id", id, "--resource", rig.Resource(), "--port",
                port.ToString(System.Globalization.CultureInfo.InvariantCulture), "--output-dir", folder.FullName,
            ],
            scratch: folder.FullName);
        var opened = await suite.WaitForLineAsync(line => line.StartsWith(rig.Address("/authorize?").AbsoluteUri, StringComparison.Ordinal), cancellationToken: Stop);

        await ConsentAsync(browser, new Uri(opened));

        Assert.True(await suite.Exited == 0, suite.Output());
        var checks = Directory.EnumerateFiles(folder.FullName, "checks.json", SearchOption.AllDirectories).SelectMany(file => JsonNode.Parse(File.ReadAllText(file))!.AsArray()).ToList();
        Assert.Equal(["authorization-code-grant", "authorization-server-metadata", "authorization-server-metadata-cimd"], checks.Select(check => (string)check!["id"]!).Order(StringComparer.Ordinal));
        Assert.All(checks, check => Assert.Equal("SUCCESS", (string?)check!["status"]));
    }

    /// <summary>The person has been here before and keeps a secret for the server; the browser is not signed in.</summary>
    private static async Task<string> SignedInAsync(OAuthRig rig, HttpClient browser)
    {
        await SignInAsync(browser, await NextAsync(browser, new Uri("/signin", UriKind.Relative)));
        var user = new McpPortal.Data.UserId((Guid)(await rig.SqlAsync("select id from users"))!);
        var server = await rig.Gateway.Calls.AddServerAsync(user, "who", rig.Gateway.Calls.Whoami, Calls.CallRig.Header);
        var secret = $"not-a-secret-{Guid.NewGuid():n}";
        await rig.Gateway.Calls.SetAsync(user, server, secret);
        await rig.SqlAsync("update sign_in_sessions set ended_at = now()");
        await rig.SqlAsync("insert into invalidations (kind, subject) select 2, id from sign_in_sessions");
        await Calls.CallRig.UntilAsync(async () => await browser.GetStringAsync(new Uri("/test/whoami", UriKind.Relative), Stop) == "nobody", "Still signed in.");
        return Calls.CallRig.Hash(secret);
    }

    /// <summary>Opens what the client wants opened, signs in on the way, allows it, and follows the answer to the client.</summary>
    private static async Task ConsentAsync(HttpClient browser, Uri address)
    {
        var consent = await SignInAsync(browser, await NextAsync(browser, await NextAsync(browser, address)));
        Assert.Equal(address.PathAndQuery, consent.OriginalString);
        var html = await browser.GetStringAsync(consent, Stop);
        using var answer = await browser.PostAsync(new Uri("/authorize", UriKind.Relative), new FormUrlEncodedContent(OAuthRig.Form(html, "allow")), Stop);
        Assert.True(answer.StatusCode == HttpStatusCode.SeeOther, await answer.Content.ReadAsStringAsync(Stop));
        using var back = await browser.GetAsync(answer.Headers.Location, Stop);
        Assert.Equal(HttpStatusCode.OK, back.StatusCode);
    }

    /// <summary>At the provider's page, by its form. Returns where the portal leads then.</summary>
    private static async Task<Uri> SignInAsync(HttpClient browser, Uri page)
    {
        var html = await browser.GetStringAsync(page, Stop);
        var action = new Uri(page, WebUtility.HtmlDecode(Action().Match(html).Groups["action"].Value));
        using var chosen = await browser.PostAsync(action, new FormUrlEncodedContent([new("user", "ana")]), Stop);
        Assert.True(chosen.StatusCode == HttpStatusCode.Found, await chosen.Content.ReadAsStringAsync(Stop));
        return await NextAsync(browser, new Uri(page, chosen.Headers.Location!));
    }

    private static async Task<Uri> NextAsync(HttpClient browser, Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Accept", "text/html" } } };
        using var answer = await browser.SendAsync(request, Stop);
        Assert.True(answer.StatusCode == HttpStatusCode.Found, await answer.Content.ReadAsStringAsync(Stop));
        return answer.Headers.Location!;
    }

    [GeneratedRegex("""<form method="post" action="(?<action>[^"]*)">""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Action();
}
