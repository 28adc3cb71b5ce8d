using System.Globalization;
using McpPortal.Coordination;
using McpPortal.Sandbox.Faults;

namespace McpPortal.Tests.Promises;

[Collection(WholeProcesses.Name)]
public sealed class RefreshTests(PortalPair portals)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Expired as the portal knows, or before its time, as only the provider knows.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_hundred_calls_on_an_expired_token_refresh_it_once_over_two_processes(bool portalKnows)
    {
        var (name, account) = portalKnows ? ("ana", "ana-dev") : ("ben", "ben-dev");
        await portals.Sandbox.FaultAsync(new Fault { Endpoint = "github/token", Rotate = true, DetectReuse = true, GraceSeconds = 0 });
        var person = await portals.AddAsync(name);
        var connection = await portals.ConnectAsync(person, "github", "github", account);
        foreach (var portal in portals.Both)
        {
            var warm = await portal.CallAsync(person.Key, "github", "get_me", cancellationToken: Stop);
            Assert.True(warm.Succeeded, $"{warm}\n{portal.Output()}");
        }

        var before = await portals.Sandbox.StatsAsync();
        (await portals.Sandbox.Browser.PostAsync($"/sandbox/expire", System.Net.Http.Json.JsonContent.Create(new ExpireRequest("github", account)), Stop)).EnsureSuccessStatusCode();
        if (portalKnows)
        {
            await portals.SqlAsync(string.Create(CultureInfo.InvariantCulture, $"update connections set expires_at = now() - interval '1 second' where id = '{connection.Value}'"));
            await portals.SqlAsync(string.Create(CultureInfo.InvariantCulture, $"insert into invalidations (kind, subject, at) values ({(int)InvalidationKind.Credentials}, '{person.Id.Value}', now())"));
            // The longest that a node may take to hear of it.
            await Task.Delay(TimeSpan.FromSeconds(2), Stop);
        }

        var answers = await Task.WhenAll(portals.Both.SelectMany(portal => Enumerable.Range(0, 50).Select(_ => portal.CallAsync(person.Key, "github", "get_me", cancellationToken: Stop))));

        Assert.All(answers, answer => Assert.True(answer.Succeeded && answer.Text!.Contains(account, StringComparison.Ordinal), answer.ToString()));
        var after = await portals.Sandbox.StatsAsync();
        Assert.Equal(1, Count(after.Accounts, $"github:{account}", "refreshes") - Count(before.Accounts, $"github:{account}", "refreshes"));
        Assert.Equal(0, Count(after.Accounts, $"github:{account}", "refused"));
        Assert.Equal((0L, 0L), (after.FamiliesRevoked - before.FamiliesRevoked, after.ReuseDetected));
        Assert.Equal(100, Count(after.Servers, "github", "calls") - Count(before.Servers, "github", "calls"));
        Assert.Equal(Count(before.Servers, "github", "sessions"), Count(after.Servers, "github", "sessions"));
    }

    private static long Count(IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> counts, string subject, string what) =>
        counts.GetValueOrDefault(subject)?.GetValueOrDefault(what) ?? 0;
}
