using McpPortal.Tests.Conformance.Fixture;

namespace McpPortal.Tests.Conformance;

/// <summary>The conformance suites on our own Streamable HTTP host.</summary>
public sealed class HostConformanceTests
{
    public static TheoryData<string> Suites => [.. ConformanceSuite.All.Select(suite => suite.Name)];

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task The_host_passes_every_scored_scenario(string suite)
    {
        await using var server = await FixtureServer.StartAsync();

        var run = await ConformanceRun.RunAsync(ConformanceSuite.Named(suite), server.Endpoint, TestContext.Current.CancellationToken);

        run.AssertPassed(UnscoredScenarios.Of(suite));
    }
}
