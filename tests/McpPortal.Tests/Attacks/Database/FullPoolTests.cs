using System.Net;
using McpPortal.Calls;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Connections;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Attacks.Database;

public sealed class FullPoolTests(PostgresCluster cluster)
{
    private const int Connections = 3;

    [Fact]
    public async Task DB_6_Writes_that_find_no_connection_are_told_while_slow_ones_hold_all_of_them()
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1, app: $"Maximum Pool Size={Connections};Timeout=5");
        await far.UntilAsync("/readyz", HttpStatusCode.OK);
        using var writers = await far.WritersAsync();
        var calls = far.Portal.Services.GetRequiredService<UpstreamCallService>();
        var caller = new Caller(far.Programs[0].Owner, CallVia.Rest);
        Assert.IsType<CallOutcome.Succeeded>(await CallRig.CallAsync(calls, caller, "who", "whoami"));

        Task<HttpStatusCode>[] writes;
        await using (await far.HoldAsync("lock table secrets in access exclusive mode"))
        {
            writes = [.. Enumerable.Range(0, 4 * Connections).Select(_ => writers.WriteAsync())];
            var (refused, _) = await Eventually.AskAsync(() => Task.FromResult(writers.Refusals.Count), count => count >= 3 * Connections, TimeSpan.FromSeconds(28));
            Assert.Equal(3 * Connections, refused);
            Assert.Equal(Connections, writes.Count(write => !write.IsCompleted));

            // Calls that know everything they need go on.
            var (outcome, _) = await Eventually.AskAsync(() => CallRig.CallAsync(calls, caller, "who", "whoami"), call => call is CallOutcome.Succeeded, TimeSpan.FromSeconds(20));
            Assert.IsType<CallOutcome.Succeeded>(outcome);
            Assert.Equal(200, await far.StatusAsync("/healthz"));
        }

        var answers = await Task.WhenAll(writes);
        Assert.Equal(3 * Connections, answers.Count(status => status == HttpStatusCode.ServiceUnavailable));
        Assert.Empty(answers.Except([HttpStatusCode.OK, HttpStatusCode.Conflict, HttpStatusCode.ServiceUnavailable]));
        Assert.All(writers.Refusals.Where(refusal => refusal.Status == HttpStatusCode.ServiceUnavailable), refusal => DatabaseOutageTests.AssertClean(refusal.Status, refusal.Body));
        Assert.Equal(HttpStatusCode.OK, await writers.WriteAsync());
    }

    [Fact]
    public async Task DB_6_Refreshes_of_many_connections_get_along_with_three_database_connections()
    {
        await using var rig = await ConnectionsRig.StartAsync(cluster, maxPoolSize: Connections);
        (UserId User, ConnectTarget Target, string Account)[] grants =
            [(rig.Ana, rig.GitHubTarget, "ana-dev"), (rig.Ana, rig.GoogleTarget, "ana@gmail.sandbox.test"), (rig.Ben, rig.GitHubTarget, "ben-dev"), (rig.Ben, rig.GoogleTarget, "ben@gmail.sandbox.test")];
        foreach (var (user, target, account) in grants)
        {
            await rig.ConnectAsync(target, account, user);
        }

        rig.Time.Advance(TimeSpan.FromHours(9));
        var answers = await Task.WhenAll(Enumerable.Range(0, SoakSize.Of(60, 1000)).Select(i =>
            Task.Run(() => rig.Node.Tokens.GetAsync(grants[i % grants.Length].User, rig.Server, grants[i % grants.Length].Target.Need, CancellationToken.None).AsTask())));

        Assert.All(answers, answer => Assert.IsType<TokenResult.Token>(answer));
        Assert.All(await rig.RowsAsync(), row => Assert.Equal(2, row.Generation));
    }
}
