using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Sandbox.Faults;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Connections;

public sealed class AccessTokensTests(PostgresCluster cluster)
{
    private const string AnaAtGitHub = "github:ana-dev";
    private static readonly TimeSpan PastExpiry = TimeSpan.FromHours(9);

    [Fact]
    public async Task Two_hundred_calls_on_an_expired_token_refresh_once()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true });
        await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        rig.Time.Advance(PastExpiry);

        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default).AsTask()));

        Assert.All(results, r => Assert.Equal(2, Assert.IsType<TokenResult.Token>(r).Generation));
        Assert.Equal(1, await rig.RefreshesAsync(AnaAtGitHub));
        Assert.Equal(0, (await rig.Sandbox.StatsAsync()).ReuseDetected);
    }

    [Fact]
    public async Task Two_hundred_calls_on_two_nodes_refresh_once()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true, DelayMs = 1000 });
        await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        var other = await rig.AddNodeAsync();
        rig.Time.Advance(PastExpiry);

        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => (i % 2 == 0 ? rig.Node : other).Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default).AsTask()));

        Assert.All(results, r => Assert.Equal(2, Assert.IsType<TokenResult.Token>(r).Generation));
        Assert.Equal(1, await rig.RefreshesAsync(AnaAtGitHub));
        Assert.Equal(0, (await rig.Sandbox.StatsAsync()).ReuseDetected);
    }
}
