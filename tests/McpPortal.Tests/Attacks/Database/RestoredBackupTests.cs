using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Sandbox.Faults;
using McpPortal.Tests.Connections;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Database;

public sealed class RestoredBackupTests(PostgresCluster cluster)
{
    private static readonly TimeSpan PastExpiry = TimeSpan.FromHours(9);

    [Fact]
    public async Task DB_9_Tokens_of_yesterdays_backup_are_tried_once_and_their_owner_is_asked_to_connect_again()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster);
        await rig.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true });
        var id = await rig.ConnectAsync(rig.GitHubTarget, "ana-dev");
        await rig.SqlAsync("create table yesterday as select * from connections");
        rig.Time.Advance(PastExpiry);
        Assert.IsType<TokenResult.Token>(await rig.Node.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default));

        await rig.SqlAsync("""
            update connections c set (access_token, refresh_token, generation, expires_at, last_refresh_at, attempt_started_at, lease_until) =
              (y.access_token, y.refresh_token, y.generation, y.expires_at, y.last_refresh_at, y.attempt_started_at, y.lease_until)
            from yesterday y where y.id = c.id
            """);
        var restored = await rig.AddNodeAsync();
        var before = (await rig.Sandbox.StatsAsync()).Requests["github/token"];
        var answers = await Task.WhenAll(Enumerable.Range(0, SoakSize.Of(50, 500)).Select(_ => restored.Tokens.GetAsync(rig.Ana, rig.Server, ConnectionsRig.GitHub, default).AsTask()));

        Assert.All(answers, answer => Assert.Contains("reconnect=", Assert.IsType<TokenResult.NeedsConnection>(answer).Path, StringComparison.Ordinal));
        Assert.Equal(ConnectionStatus.ReauthRequired, (await rig.RowAsync(id)).Status);
        var after = await rig.Sandbox.StatsAsync();
        Assert.Equal((1, 1), (after.Requests["github/token"] - before, after.ReuseDetected));
    }
}
