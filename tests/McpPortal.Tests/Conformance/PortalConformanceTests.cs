using McpPortal.Data;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Conformance.Fixture;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Conformance;

/// <summary>The conformance suites through the portal, by somebody with an access key and a secret of their own for the server behind it.</summary>
public sealed class PortalConformanceTests(PostgresCluster cluster)
{
    private const string Slug = "fixture";
    private static readonly CredentialNeed Need = new() { Name = "token", Source = CredentialSource.Secret, Placement = CredentialPlacement.Header, Target = FixtureServer.SecretHeader };

    public static TheoryData<string> Suites => HostConformanceTests.Suites;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task The_portal_passes_on_what_the_server_behind_it_does(string suite)
    {
        var secret = $"not-a-secret-{Guid.NewGuid():n}";
        await using var server = await FixtureServer.StartAsync(secret);
        // A scenario that fails leaves its session in use, which must not be the end of those after it.
        await using var rig = await GatewayRig.StartAsync(cluster, CallRig.Settings([server.Endpoint.Authority], ("Gateway:MaxSessionsPerUser", "100")));
        var user = await rig.Calls.AddUserAsync("ana");
        await rig.Calls.SetAsync(user, await rig.Calls.AddServerAsync(user, Slug, server.Endpoint.AbsoluteUri, Need), secret);
        await using var front = await KeyFront.StartAsync(rig.Address("/"), await rig.KeyAsync(user));

        var run = await ConformanceRun.RunAsync(ConformanceSuite.Named(suite), front.Address($"/mcp/{Slug}"), Stop);

        run.AssertPassed(PortalExceptions.Of(suite));
    }
}
