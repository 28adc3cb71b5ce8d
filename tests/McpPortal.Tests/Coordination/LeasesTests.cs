using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Coordination;

public sealed class LeasesTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private TestDatabase _test = null!;
    private PortalDatabase _database = null!;
    private Leases _one = null!;
    private Leases _two = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _test = await cluster.CreateAsync(Stop);
        _database = new PortalDatabase(_test.Options);
        (_one, _two) = (new Leases(_database, new ThisNode()), new Leases(_database, new ThisNode()));
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _test.DisposeAsync();
    }

    [Fact]
    public async Task Of_two_nodes_that_try_at_once_exactly_one_holds_it()
    {
        for (var round = 0; round < 10; round++)
        {
            var name = $"job-{round}";
            var held = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => (n % 2 == 0 ? _one : _two).TryHoldAsync(name, Minute, Stop), Stop)));
            var winners = held.Select((got, n) => (got, Node: n % 2)).Where(h => h.got).Select(h => h.Node).Distinct().ToList();
            Assert.Single(winners);
            Assert.Equal(4, held.Count(got => got));
        }
    }

    [Fact]
    public async Task A_lease_that_ended_by_the_databases_clock_is_taken_over()
    {
        Assert.True(await _one.TryHoldAsync("job", Minute, Stop));
        Assert.True(await _one.TryHoldAsync("job", Minute, Stop));
        Assert.False(await _two.TryHoldAsync("job", Minute, Stop));
        Assert.True(await _two.TryHoldAsync("another job", Minute, Stop));
        var before = await LeaseAsync();

        await using (var scope = await _database.ForSystemAsync(Stop))
        {
            await scope.Db.Database.ExecuteSqlAsync($"update leases set until = now() - interval '1 millisecond' where name = 'job'", Stop);
            await scope.CommitAsync(Stop);
        }

        Assert.True(await _two.TryHoldAsync("job", Minute, Stop));
        Assert.False(await _one.TryHoldAsync("job", Minute, Stop));
        var after = await LeaseAsync();
        Assert.NotEqual(before.Holder, after.Holder);
        Assert.True(after.Fence > before.Fence);
    }

    [Fact]
    public async Task A_lease_shorter_than_a_second_is_held_all_the_same()
    {
        Assert.True(await _one.TryHoldAsync("short", TimeSpan.FromMilliseconds(400), Stop));
        Assert.False(await _two.TryHoldAsync("short", TimeSpan.FromMilliseconds(400), Stop));
    }

    private async Task<Lease> LeaseAsync()
    {
        await using var scope = await _database.ForSystemAsync(Stop);
        return await scope.Db.Leases.AsNoTracking().SingleAsync(l => l.Name == "job", Stop);
    }
}
