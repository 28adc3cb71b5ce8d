using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using McpPortal.Audit;
using McpPortal.Clients.OAuth;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.WebUtilities;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;

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

    [Theory]
    [InlineData("2025-11-25", "/mcp", "who__whoami")]
    [InlineData("2026-07-28", "/mcp/who", "whoami")]
    public async Task A_Csharp_client_signs_in_calls_refreshes_and_is_refused_once_its_person_revokes_it(string version, string path, string tool)
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        using var browser = rig.Portal.Browser();
        var hash = await SignedInAsync(rig, browser);
        var tokens = new KeptTokens();
        var asked = 0;
        await using var client = await McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions
            {
                Endpoint = rig.Address(path),
                TransportMode = HttpTransportMode.StreamableHttp,
                OAuth = new ClientOAuthOptions
                {
                    RedirectUri = new Uri("http://127.0.0.1:9/callback"),
                    TokenCache = tokens,
                    DynamicClientRegistration = new DynamicClientRegistrationOptions { ClientName = "A C# client" },
                    AuthorizationCallbackHandler = async (context, _) => Interlocked.Increment(ref asked) == 1 ? Answer(await AllowAsync(browser, context.AuthorizationUri)) : null,
                },
            }),
            new McpClientOptions { ProtocolVersion = version },
            cancellationToken: Stop);
        Assert.Equal(version, client.NegotiatedProtocolVersion);
        Assert.Equal(hash, await CallAsync());

        // The access token ends, and the client gets another one without asking anybody.
        var first = tokens.Last!;
        await EndAccessAsync(rig);
        Assert.Equal(hash, await CallAsync());
        Assert.NotEqual((first.AccessToken, first.RefreshToken), (tokens.Last!.AccessToken, tokens.Last.RefreshToken));
        Assert.Equal(1, asked);

        await RevokeAsync(rig);
        await CallRig.UntilAsync(async () => await Record.ExceptionAsync(CallAsync) is not null, "A client that was revoked still calls.", 2);

        async Task<string?> CallAsync() => (string?)JsonSerializer.SerializeToNode((await client.CallToolAsync(tool, cancellationToken: Stop)).StructuredContent)!["sha256"];

        static AuthorizationResult Answer(Uri back)
        {
            var said = QueryHelpers.ParseQuery(back.Query);
            return new AuthorizationResult { Code = said["code"]!, State = said["state"], Iss = said["iss"] };
        }
    }

    [Theory]
    [InlineData("legacy", "/mcp", "who__whoami")]
    [InlineData("modern", "/mcp/who", "whoami")]
    public async Task The_Inspector_signs_in_calls_refreshes_and_is_refused_once_its_person_revokes_it(string era, string path, string tool)
    {
        await using var rig = await OAuthRig.StartAsync(cluster);
        using var browser = rig.Portal.Browser();
        var hash = await SignedInAsync(rig, browser);
        var inspector = new Inspector(rig.Address(path), era);
        await using var first = inspector.Begin("--method", "tools/call", "--tool-name", tool, "--callback-url", $"http://127.0.0.1:{Ports.Free()}/oauth/callback");

        await ConsentAsync(browser, await Inspector.WantsOpenedAsync(first, Stop));

        Assert.True(await first.Exited == 0, first.Output());
        Assert.Contains(hash, first.Output(), StringComparison.Ordinal);

        // Nobody is asked any more, also when the access token has ended.
        await EndAccessAsync(rig);
        await using (var again = inspector.Again("--method", "tools/call", "--tool-name", tool))
        {
            Assert.True(await again.Exited == 0, again.Output());
            Assert.Contains(hash, again.Output(), StringComparison.Ordinal);
        }

        await RevokeAsync(rig);
        await using (var last = inspector.Again("--method", "tools/list"))
        {
            Assert.NotEqual(0, await last.Exited);
            Assert.Contains("auth_required", last.Output(), StringComparison.Ordinal);
        }
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

    /// <summary>As if an hour had passed for the access tokens. Of what changes past it the portal hears within two seconds.</summary>
    private static async Task EndAccessAsync(OAuthRig rig)
    {
        await rig.SqlAsync("update oauth_tokens set expires_at = now() - interval '1 hour' where kind = 1; insert into invalidations (kind, subject) select 9, id from users");
        await Task.Delay(TimeSpan.FromSeconds(3), Stop);
    }

    /// <summary>As the person does on the Access page.</summary>
    private static async Task RevokeAsync(OAuthRig rig)
    {
        var (grants, user) = (rig.Get<ClientGrants>(), new McpPortal.Data.UserId((Guid)(await rig.SqlAsync("select id from users"))!));
        Assert.True(await grants.RevokeAsync(user, Assert.Single(await grants.ListAsync(user, Stop)).Id, Actor.Page(user), Stop));
    }

    /// <summary>Opens what the client wants opened, signs in on the way, allows it, and follows the answer to the client.</summary>
    private static async Task ConsentAsync(HttpClient browser, Uri address)
    {
        using var back = await browser.GetAsync(await AllowAsync(browser, address), Stop);
        Assert.Equal(HttpStatusCode.OK, back.StatusCode);
    }

    /// <summary>The same up to the answer, which the client takes itself.</summary>
    private static async Task<Uri> AllowAsync(HttpClient browser, Uri address)
    {
        var consent = await SignInAsync(browser, await NextAsync(browser, await NextAsync(browser, address)));
        Assert.Equal(address.PathAndQuery, consent.OriginalString);
        var html = await browser.GetStringAsync(consent, Stop);
        using var answer = await browser.PostAsync(new Uri("/authorize", UriKind.Relative), new FormUrlEncodedContent(OAuthRig.Form(html, "allow")), Stop);
        Assert.True(answer.StatusCode == HttpStatusCode.SeeOther, await answer.Content.ReadAsStringAsync(Stop));
        return answer.Headers.Location!;
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
