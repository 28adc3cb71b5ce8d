using System.Net;
using System.Net.Http.Json;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Database;

public sealed class BrokenTransactionTests(PostgresCluster cluster, ITestOutputHelper output)
{
    private const int BytesOfAWrite = 4000;
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DB_3_A_connection_lost_anywhere_in_a_transaction_leaves_the_change_with_its_audit_entry_or_neither()
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1);
        await far.UntilAsync("/readyz", HttpStatusCode.OK);
        using var writers = await far.WritersAsync();
        var step = SoakSize.Of(160, 4);
        for (var bytes = 0; bytes < BytesOfAWrite; bytes += step)
        {
            far.Hop.CutAfter(bytes);
            await writers.WriteAsync();
        }

        far.Hop.Pass();
        output.WriteLine($"{writers.Acknowledged} writes acknowledged, {writers.Refusals.Count} refused.");
        Assert.NotEmpty(writers.Refusals);
        Assert.All(writers.Refusals, refusal => DatabaseOutageTests.AssertClean(refusal.Status, refusal.Body));
        await writers.AssertNothingLostAsync();
    }

    [Fact]
    public async Task DB_3_Transactions_ended_by_the_databases_operator_are_told_and_leave_nothing_half_done()
    {
        await using var far = await FarDatabase.StartAsync(cluster);
        using var writers = await far.WritersAsync();
        using var enough = new CancellationTokenSource();
        var running = writers.RunAsync(enough.Token);
        for (var round = 0; round < SoakSize.Of(20, 400); round++)
        {
            await far.OperateAsync("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and usename in ('portal_app', 'portal_system')");
            await Task.Delay(Random.Shared.Next(10, 100), Stop);
        }

        await enough.CancelAsync();
        await running;
        output.WriteLine($"{writers.Acknowledged} writes acknowledged, {writers.Refusals.Count} refused.");
        Assert.All(writers.Refusals, refusal => DatabaseOutageTests.AssertClean(refusal.Status, refusal.Body));
        await Eventually.AskAsync(writers.WriteAsync, status => status == HttpStatusCode.OK, TimeSpan.FromSeconds(30));
        await writers.AssertNothingLostAsync();
    }

    /// <summary>Disk full, read-only, out of memory, an input/output error, and an audit table that may not be written.</summary>
    [Theory]
    [InlineData("53100")]
    [InlineData("25006")]
    [InlineData("53200")]
    [InlineData("58030")]
    public async Task DB_3_What_the_database_cannot_take_is_refused_whole(string code)
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1);
        using var writers = await far.WritersAsync();
        await FailAsync(far, $"raise exception 'no' using errcode = '{code}'");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await writers.WriteAsync());
        }

        await writers.AssertNothingLostAsync();
        await far.OperateAsync("drop trigger failing on audit_entries");
        Assert.Equal(HttpStatusCode.OK, await writers.WriteAsync());
        Assert.All(writers.Refusals, refusal => DatabaseOutageTests.AssertClean(refusal.Status, refusal.Body));
        await writers.AssertNothingLostAsync();
    }

    [Fact]
    public async Task DOS_8_While_nothing_can_be_audited_nothing_is_changed_and_reading_goes_on()
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1);
        using var writers = await far.WritersAsync();
        var (key, _, server) = far.Programs[0];
        Assert.Equal(HttpStatusCode.OK, await CallAsync());

        // As if the disk were full for the audit trail alone, which grows for ever.
        await FailAsync(far, "raise exception 'no' using errcode = '53100'");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await writers.WriteAsync());
            Assert.Equal(HttpStatusCode.OK, await CallAsync());
        }

        Assert.Equal("ready", await far.Client.GetStringAsync("/readyz", TestContext.Current.CancellationToken));
        await far.OperateAsync("drop trigger failing on audit_entries");
        Assert.Equal(HttpStatusCode.OK, await writers.WriteAsync());
        await writers.AssertNothingLostAsync();

        async Task<HttpStatusCode> CallAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp/tool/call") { Content = JsonContent.Create(new { serverName = server, methodName = "whoami" }), Headers = { { "X-Api-Key", key } } };
            using var response = await far.Client.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }
    }

    [Theory]
    [InlineData("40P01")]
    [InlineData("40001")]
    public async Task DB_4_A_victim_of_a_deadlock_is_tried_three_times_and_changed_once(string code)
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1);
        using var writers = await far.WritersAsync();

        // Numbers of a sequence do not come back when a transaction does.
        await far.OperateAsync("create sequence tries; grant usage on sequence tries to public");
        await FailAsync(far, $"if nextval('tries') <= 2 then raise exception 'no' using errcode = '{code}'; end if; return new");
        Assert.Equal(HttpStatusCode.OK, await writers.WriteAsync());
        Assert.Equal(3L, await far.OperateAsync("select last_value from tries"));
        await writers.AssertNothingLostAsync();

        // One that never ends is told after the third.
        await far.OperateAsync("select setval('tries', 1000, true)");
        await FailAsync(far, $"perform nextval('tries'); raise exception 'no' using errcode = '{code}'");
        Assert.Equal(HttpStatusCode.Conflict, await writers.WriteAsync());
        Assert.Equal(1003L, await far.OperateAsync("select last_value from tries"));
        await writers.AssertNothingLostAsync();
    }

    private static Task<object?> FailAsync(FarDatabase far, string body) => far.OperateAsync($"""
        create or replace function failing() returns trigger language plpgsql as $$ begin {body}; end $$;
        create or replace trigger failing before insert on audit_entries for each row execute function failing()
        """);
}
