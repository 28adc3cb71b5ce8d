using System.Globalization;
using System.Net.Http.Json;
using McpPortal.Coordination;
using McpPortal.Sandbox.Faults;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Soak;

/// <summary>RT-1 at full size. Runs only when asked for: <c>infra/soak</c>.</summary>
[Collection(WholeProcesses.Name)]
public sealed class RefreshSoak(PortalPair portals)
{
    private static readonly int Rounds = SoakSize.Named("ROUNDS", 1000);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task RT_1_Two_hundred_calls_on_an_expired_token_refresh_it_once_each_round()
    {
        await portals.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true, GraceSeconds = 0 });
        var person = await portals.AddAsync("ana");
        var connection = await portals.ConnectAsync(person, "github", "github", "ana-dev");
        long refreshes = 0;
        for (var round = 1; round <= Rounds; round++)
        {
            // Whether a call or the portal by itself renews it: once.
            var before = Refreshes(await portals.Sandbox.StatsAsync());
            await ExpireAsync(person, connection.Value);
            var answers = await Task.WhenAll(portals.Both.SelectMany(portal => Enumerable.Range(0, 100).Select(_ => portal.CallAsync(person.Key, "github", "get_me", cancellationToken: Stop))));

            Assert.All(answers, answer => Assert.True(answer.Succeeded && answer.Text!.Contains("ana-dev", StringComparison.Ordinal), $"round {round}: {answer}"));
            var made = Refreshes(await portals.Sandbox.StatsAsync()) - before;
            Assert.True(made == 1, $"round {round}: {made} refreshes");
            refreshes += made;
        }

        var stats = await portals.Sandbox.StatsAsync();
        SoakSize.Report("RT-1", string.Create(CultureInfo.InvariantCulture, $"{Rounds:N0} rounds × 200 calls over two processes: {refreshes:N0} refreshes, {stats.FamiliesRevoked} families revoked, {stats.ReuseDetected} reuses"));
        Assert.Equal((0L, 0L), (stats.FamiliesRevoked, stats.ReuseDetected));
    }

    private async Task ExpireAsync(Person person, Guid connection)
    {
        using var answer = await portals.Sandbox.Browser.PostAsJsonAsync("/sandbox/expire", new ExpireRequest("github", "ana-dev"), Stop);
        answer.EnsureSuccessStatusCode();
        await portals.SqlAsync($"update connections set expires_at = now() - interval '1 second' where id = '{connection}'");
        await portals.SqlAsync(string.Create(CultureInfo.InvariantCulture, $"insert into invalidations (kind, subject, at) values ({(int)InvalidationKind.Credentials}, '{person.Id.Value}', now())"));
        // The longest that a node may take to hear of it.
        await Task.Delay(TimeSpan.FromSeconds(2), Stop);
    }

    private static long Refreshes(StatsView stats) => stats.Accounts.GetValueOrDefault("github:ana-dev")?.GetValueOrDefault("refreshes") ?? 0;
}
