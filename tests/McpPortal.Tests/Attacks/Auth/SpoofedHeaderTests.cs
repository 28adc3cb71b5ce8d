using System.Net;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Tests.Attacks.Auth;

/// <summary>Headers that only a proxy may write, written by a stranger.</summary>
public sealed class SpoofedHeaderTests(PostgresCluster cluster) : IAsyncLifetime
{
    private const string PublicUrl = "http://localhost:5080";

    private static readonly (string Name, string Value)[] Spoofs =
    [
        ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "host=evil.example;proto=https"),
        ("X-Original-URL", "/profile"), ("X-Rewrite-URL", "/profile"), ("X-Original-Host", "evil.example"), ("X-Forwarded-Prefix", "/evil"), ("X-HTTP-Method-Override", "GET"),
        ("X-Forwarded-User", "ana"), ("X-Remote-User", "ana"), ("X-User-Id", "ana"), ("X-Authenticated-User", "ana"), ("X-MS-CLIENT-PRINCIPAL", "YW5h"), ("X-Portal-User", "ana"), ("Mcp-Portal-User", "ana"),
    ];

    private HandlerRig _rig = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _rig = await HandlerRig.StartAsync(cluster, settings: ("Portal:PublicUrl", PublicUrl));

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task AUTH_12_No_header_makes_somebody_of_a_stranger_or_an_address_of_ours_theirs()
    {
        foreach (var (name, value) in Spoofs)
        {
            using var who = await AskAsync("/test/whoami", name, value);
            Assert.Equal("nobody", await who.Content.ReadAsStringAsync(Stop));

            using var page = await AskAsync("/profile", name, value);
            Assert.Equal(HttpStatusCode.Found, page.StatusCode);
            Assert.Equal("/signin?returnUrl=%2Fprofile", page.Headers.Location!.OriginalString);

            using var signIn = await AskAsync("/signin", name, value);
            Assert.StartsWith(_rig.Provider.Issuer + "/authorize?", signIn.Headers.Location!.OriginalString, StringComparison.Ordinal);
            Assert.Equal(PublicUrl + "/signin-oidc", QueryHelpers.ParseQuery(signIn.Headers.Location.Query)["redirect_uri"]);

            using var home = await AskAsync("/", name, value);
            Assert.DoesNotContain("evil", await home.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
            Assert.DoesNotContain(home.Headers.Concat(home.Content.Headers).SelectMany(h => h.Value), header => header.Contains("evil", StringComparison.Ordinal));
        }
    }

    private async Task<HttpResponseMessage> AskAsync(string path, string name, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_rig.Portal.Address + path)) { Headers = { { "Accept", "text/html" } } };
        Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await _rig.Bare.SendAsync(request, Stop);
    }
}
