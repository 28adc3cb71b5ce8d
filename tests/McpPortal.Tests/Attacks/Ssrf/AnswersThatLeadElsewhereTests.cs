using System.Globalization;
using System.Net;
using McpPortal.Accounts.Jwt;
using McpPortal.Accounts.Oidc;
using McpPortal.Calls;
using McpPortal.Connections.Providers;
using McpPortal.Data;
using McpPortal.Outbound;
using McpPortal.Tests.Attacks.Upstreams;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Outbound;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Attacks.Ssrf;

/// <summary>Addresses that others name in their answers: challenges, redirects, discovery documents, endpoints of providers.</summary>
public sealed class AnswersThatLeadElsewhereTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<int, string, bool> Challenges()
    {
        var data = new TheoryData<int, string, bool>();
        foreach (var bearer in (bool[])[true, false])
        {
            data.Add(401, "Bearer resource_metadata=\"URL\"", bearer);
            data.Add(401, "Bearer error=\"invalid_token\", resource_metadata=\"URL\", scope=\"all\"", bearer);
            data.Add(403, "Bearer error=\"insufficient_scope\", resource_metadata=\"URL\", scope=\"all\"", bearer);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Challenges))]
    public async Task SSRF_5_An_address_in_a_challenge_is_not_fetched(int status, string challenge, bool bearer)
    {
        // The portal may reach it, so that only not asking keeps it away.
        await using var metadata = new CountingListener("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\nConnection: close\r\n\r\n{\"secret\":\"body\"}");
        await using var rig = await HostileRig.StartAsync(cluster, bearer ? CallRig.Bearer : CallRig.Header, [$"127.0.0.1:{metadata.Port}"]);
        string[] addresses = [$"http://127.0.0.1:{metadata.Port}/", "http://169.254.169.254/latest/meta-data/"];

        // The session is open after the first round.
        foreach (var (phase, address) in ((string, string)[])[("initialize", addresses[0]), ("tools/call", addresses[0]), ("tools/call", addresses[1])])
        {
            rig.Hostile.Misbehave = async (heard, context) =>
            {
                if (heard.Method != phase)
                {
                    // Nor the well-known places, which nobody asked for.
                    return context.Request.Path.StartsWithSegments("/.well-known", StringComparison.Ordinal) && await SendAsync(context, "{}", status: 500);
                }

                context.Response.Headers.WWWAuthenticate = challenge.Replace("URL", address, StringComparison.Ordinal);
                return await SendAsync(context, "no", "text/plain", status);
            };

            var outcome = await rig.CallAsync();

            Assert.True(outcome is CallOutcome.NeedsConnection or CallOutcome.ToolFailed or CallOutcome.Unreachable, outcome.ToString());
            Assert.DoesNotContain("body", outcome.Explanation, StringComparison.Ordinal);
            Assert.DoesNotContain("169.254", outcome.Explanation, StringComparison.Ordinal);
            await rig.AssertWellAgainAsync();
        }

        Assert.Equal(0, metadata.Connections);
        Assert.DoesNotContain(rig.Hostile.Requests, request => request.Method == "GET");
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task SSRF_6_A_redirect_elsewhere_takes_nothing_along(int status)
    {
        await using var other = new CountingListener();
        await using var rig = await HostileRig.StartAsync(cluster, CallRig.Header, [$"127.0.0.1:{other.Port}"]);
        await rig.AssertWellAgainAsync();
        rig.Hostile.Misbehave = async (heard, context) =>
        {
            context.Response.Headers.Location = $"http://127.0.0.1:{other.Port}/mcp";
            return heard.Method == "tools/call" && await SendAsync(context, "", "text/plain", status);
        };

        Assert.Contains($"Server hostile answered with {status}", Assert.IsType<CallOutcome.Unreachable>(await rig.CallAsync()).Sentence, StringComparison.Ordinal);
        Assert.Equal(0, other.Connections);
    }

    [Fact]
    public async Task SSRF_1_2_No_endpoint_of_a_provider_reaches_inside()
    {
        await using var listener = new CountingListener();
        using var guard = new OutboundGuard(new OutboundOptions { Ports = [443, listener.Port] }, development: true, Dns.GetHostAddressesAsync);
        var http = new ProviderHttp(guard, TimeProvider.System);
        var tried = 0;
        foreach (var payload in OutboundPayloads.All)
        {
            if (!Uri.TryCreate(payload.Replace("{0}", listener.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal), UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            {
                continue;
            }

            tried++;
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new FormUrlEncodedContent([new("refresh_token", "not-a-secret")]) };
            Assert.True(await http.SendAsync(request, Stop) is WireResult.NotSent, url.ToString());
        }

        Assert.True(tried > 200, $"{tried} addresses");
        Assert.Equal(0, listener.Connections);
    }

    [Fact]
    public async Task SSRF_1_A_discovery_document_that_points_inside_leads_nowhere()
    {
        await using var inside = new CountingListener();
        await using var provider = await HostileServer.StartAsync();
        var address = $"http://127.0.0.1:{inside.Port}";
        provider.Misbehave = (_, context) => SendAsync(context, $$"""
            {"issuer":"http://{{provider.Authority}}","authorization_endpoint":"{{address}}/authorize","token_endpoint":"{{address}}/token","jwks_uri":"{{address}}/jwks","userinfo_endpoint":"{{address}}/userinfo","code_challenge_methods_supported":["S256"]}
            """);
        using var guard = new OutboundGuard(new OutboundOptions { AllowedHosts = [provider.Authority], Ports = [443, inside.Port] }, development: true, Dns.GetHostAddressesAsync);
        var settings = new OidcSettings { Authority = $"http://{provider.Authority}", ClientId = "portal", ClientSecret = "not-a-secret" };
        using var oidc = new OidcProvider(Options.Create(settings), guard, new HostingEnvironment { EnvironmentName = Environments.Development }, TimeProvider.System, NullLogger<OidcProvider>.Instance);

        var metadata = Assert.IsType<OidcMetadata>(await oidc.MetadataAsync(Stop));
        var tokens = new OidcTokens(oidc, new JwtVerifier(TimeProvider.System), guard, NullLogger<OidcTokens>.Instance);
        Assert.Null(await tokens.ExchangeAsync(metadata, "code", "http://localhost/signin-oidc", "verifier", Stop));
        Assert.Empty(await oidc.Keys.FindAsync("RS256", "some-key", Stop));

        Assert.Equal(0, inside.Connections);
        Assert.Equal(1, provider.Count("GET"));
    }
}
