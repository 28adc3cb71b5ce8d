using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Database;

public sealed class DatabaseOutageTests(PostgresCluster cluster, ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DB_1_A_portal_that_starts_without_its_database_waits_for_it()
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1, reachable: false);

        Assert.Equal(200, await far.StatusAsync("/healthz"));
        Assert.Equal(503, await far.StatusAsync("/readyz"));
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/secrets/set") { Headers = { { "X-Api-Key", far.Programs[0].Key } } })
        {
            using var answer = await far.Client.SendAsync(request, Stop);
            AssertClean(answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
        }

        far.Hop.Pass();
        output.WriteLine($"Ready {(await far.UntilAsync("/readyz", HttpStatusCode.OK)).TotalSeconds:0.0} s after the database was back.");
        using var writers = await far.WritersAsync();
        await writers.AssertNothingLostAsync();
    }

    [Fact]
    public async Task DB_1_A_database_that_goes_away_and_flaps_under_load_loses_no_acknowledged_write()
    {
        await using var far = await FarDatabase.StartAsync(cluster);
        await far.UntilAsync("/readyz", HttpStatusCode.OK);
        using var writers = await far.WritersAsync();
        using var enough = new CancellationTokenSource();
        var running = writers.RunAsync(enough.Token);
        await AcknowledgedAsync(writers, 10);

        far.Hop.Refuse();
        await far.UntilAsync("/readyz", HttpStatusCode.ServiceUnavailable);
        Assert.Equal(200, await far.StatusAsync("/healthz"));
        var seconds = SoakSize.Of(3, 60);
        await Task.Delay(TimeSpan.FromSeconds(seconds), Stop);
        Assert.Equal(200, await far.StatusAsync("/healthz"));
        var before = writers.Acknowledged;
        far.Hop.Pass();
        var back = (await far.UntilAsync("/readyz", HttpStatusCode.OK)).TotalSeconds;
        await AcknowledgedAsync(writers, before + 10);

        var flaps = SoakSize.Of(8, 100);
        for (var flap = 0; flap < flaps; flap++)
        {
            far.Hop.Refuse();
            await Task.Delay(Random.Shared.Next(20, 200), Stop);
            far.Hop.Pass();
            await Task.Delay(Random.Shared.Next(20, 200), Stop);
            far.Hop.Cut();
        }

        Assert.Equal(200, await far.StatusAsync("/healthz"));
        await far.UntilAsync("/readyz", HttpStatusCode.OK);
        await AcknowledgedAsync(writers, writers.Acknowledged + 10);
        await enough.CancelAsync();
        await running;

        var figure = string.Create(CultureInfo.InvariantCulture, $"database away for {seconds} s under load: ready {back:0.0} s after it was back; {flaps} further short outages; {writers.Acknowledged:N0} writes acknowledged, none lost, {writers.Refusals.Count:N0} refused with a clean 503");
        output.WriteLine(figure);
        SoakSize.Report("DATABASE", figure);
        Assert.NotEmpty(writers.Refusals);
        foreach (var (status, body) in writers.Refusals)
        {
            AssertClean(status, body);
        }

        await writers.AssertNothingLostAsync();
    }

    [Fact]
    public async Task DB_1_A_person_who_is_signed_in_gets_a_page_that_says_so()
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1);
        await far.UntilAsync("/readyz", HttpStatusCode.OK);
        var cookie = await Authorization.Visitor.CookieAsync(far.Near.Portal, far.Programs[0].Owner, Stop);
        far.Hop.Refuse();
        await far.UntilAsync("/readyz", HttpStatusCode.ServiceUnavailable);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/servers") { Headers = { { "Accept", "text/html" }, { "Cookie", cookie } } };
        using var answer = await far.Client.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("<html", await answer.Content.ReadAsStringAsync(Stop), StringComparison.OrdinalIgnoreCase);
    }

    private static async Task AcknowledgedAsync(Writers writers, int count)
    {
        var (acknowledged, _) = await Eventually.AskAsync(() => Task.FromResult(writers.Acknowledged), now => now >= count, TimeSpan.FromSeconds(90));
        Assert.True(acknowledged >= count, $"{acknowledged} of {count} writes; {string.Join('\n', writers.Refusals.Take(5))}");
    }

    /// <summary>503 with a problem in words of the portal's own.</summary>
    internal static void AssertClean(HttpStatusCode status, string body)
    {
        Assert.True(status == HttpStatusCode.ServiceUnavailable, $"{(int)status} {body}");
        var problem = JsonNode.Parse(body)!;
        Assert.Equal(503, (int)problem["status"]!);
        Assert.Contains((string)problem["title"]!, (string[])["Busy", "Sealed"]);
        Assert.DoesNotContain("Npgsql", body, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("127.0.0.1", body, StringComparison.Ordinal);
    }
}
