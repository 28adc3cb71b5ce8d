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
    /// <summary>Whose rounds go on beside each other: most of a round is waiting until both nodes have heard that the token ended.</summary>
    private const int People = 6;
    private static readonly int Rounds = SoakSize.Named("ROUNDS", 1000);
    private int _begun;
    private long _refreshes;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task RT_1_Two_hundred_calls_on_an_expired_token_refresh_it_once_each_round()
    {
        await portals.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true, GraceSeconds = 0 });
        await Task.WhenAll(Enumerable.Range(1, People).Select(i => GoRoundsAsync(string.Create(CultureInfo.InvariantCulture, $"test-{i:000}"))));

        var stats = await portals.Sandbox.StatsAsync();
        SoakSize.Report("RT-1", string.Create(CultureInfo.InvariantCulture, $"{Rounds:N0} rounds × 200 calls over two processes, {People} people side by side: {_refreshes:N0} refreshes, {stats.FamiliesRevoked} families revoked, {stats.ReuseDetected} reuses"));
        Assert.Equal((0L, 0L), (stats.FamiliesRevoked, stats.ReuseDetected));
        Assert.Equal(Rounds, _refreshes);
    }

    private async Task GoRoundsAsync(string name)
    {
        var account = $"{name}-dev";
        var person = await portals.AddAsync(name);
        var connection = await portals.ConnectAsync(person, "github", "github", account);
        for (var round = Interlocked.Increment(ref _begun); round <= Rounds; round = Interlocked.Increment(ref _begun))
        {
            // Whether a call or the portal by itself renews it: once.
            var before = await RefreshesAsync(account);
            await ExpireAsync(person, account, connection.Value);
            var answers = await Task.WhenAll(portals.Both.SelectMany(portal => Enumerable.Range(0, 100).Select(_ => portal.CallAsync(person.Key, "github", "get_me", cancellationToken: Stop))));

            Assert.All(answers, answer => Assert.True(answer.Succeeded && answer.Text!.Contains(account, StringComparison.Ordinal), $"round {round}: {answer}"));
            var made = await RefreshesAsync(account) - before;
            Assert.True(made == 1, $"round {round}: {made} refreshes");
            Interlocked.Add(ref _refreshes, made);
        }
    }

    private async Task ExpireAsync(Person person, string account, Guid connection)
    {
        using var answer = await portals.Sandbox.Browser.PostAsJsonAsync("/sandbox/expire", new ExpireRequest("github", account), Stop);
        answer.EnsureSuccessStatusCode();
        await portals.SqlAsync($"update connections set expires_at = now() - interval '1 second' where id = '{connection}'");
        await portals.SqlAsync(string.Create(CultureInfo.InvariantCulture, $"insert into invalidations (kind, subject, at) values ({(int)InvalidationKind.Credentials}, '{person.Id.Value}', now())"));
        // The longest that a node may take to hear of it.
        await Task.Delay(TimeSpan.FromSeconds(2), Stop);
    }

    private async Task<long> RefreshesAsync(string account) =>
        (await portals.Sandbox.StatsAsync()).Accounts.GetValueOrDefault($"github:{account}")?.GetValueOrDefault("refreshes") ?? 0;
}
