using System.Net;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Database;

public sealed class TwoEditorsTests(PostgresCluster cluster)
{
    [Fact]
    public async Task DB_5_Two_nodes_that_set_the_same_secret_at_once_each_do_it_whole_or_say_that_they_did_not()
    {
        await using var far = await FarDatabase.StartAsync(cluster, people: 1);
        await far.UntilAsync("/readyz", HttpStatusCode.OK);
        using var one = await far.WritersAsync(far.Near.Portal.Address);
        using var two = await far.WritersAsync();
        var before = await RowAsync(far);

        var writes = SoakSize.Of(20, 500);
        var answers = (await Task.WhenAll(Enumerable.Range(0, writes).SelectMany(_ => new[] { one.WriteAsync(), two.WriteAsync() }))).CountBy(status => status).ToDictionary();

        Assert.Empty(answers.Keys.Except([HttpStatusCode.OK, HttpStatusCode.Conflict]));
        var after = await RowAsync(far);
        Assert.Equal(answers[HttpStatusCode.OK], after.Generation - before.Generation);
        Assert.Equal(answers[HttpStatusCode.OK], after.Audited - before.Audited);
    }

    private static async Task<(long Generation, long Audited)> RowAsync(FarDatabase far) =>
        ((long)(await far.OperateAsync("select generation from secrets"))!, (long)(await far.OperateAsync("select count(*) from audit_entries where action like 'Secret%'"))!);
}
