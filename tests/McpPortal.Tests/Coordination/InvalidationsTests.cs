using System.Collections.Concurrent;
using System.Diagnostics;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpPortal.Tests.Coordination;

public sealed class InvalidationsTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(2);

    private TestDatabase _database = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await cluster.CreateAsync(Stop);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_other_node_hears_within_two_seconds(bool listen)
    {
        await using var one = await Node.StartAsync(_database, listen);
        await using var two = await Node.StartAsync(_database, listen);
        for (var i = 0; i < 3; i++)
        {
            var subject = Guid.CreateVersion7();
            var began = Stopwatch.GetTimestamp();
            await one.PublishAsync(InvalidationKind.Credentials, subject);

            // Where the change was made it is known at once.
            Assert.Contains(new Invalidation(InvalidationKind.Credentials, subject), one.Heard);
            await two.HearsAsync(subject);
            Assert.True(Stopwatch.GetElapsedTime(began) < Promise, $"It took {Stopwatch.GetElapsedTime(began)}.");
        }

        Assert.True(two.Invalidations.IsCurrent);
    }

    [Fact]
    public async Task A_transaction_that_commits_after_later_ones_is_not_missed()
    {
        await using var one = await Node.StartAsync(_database);
        await using var two = await Node.StartAsync(_database);
        var (early, late) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var slow = await one.Database.ForSystemAsync(Stop);
        one.Invalidations.Publish(slow, InvalidationKind.Connection, early);
        await slow.Db.SaveChangesAsync(Stop);
        for (var i = 0; i < 3; i++)
        {
            await one.PublishAsync(InvalidationKind.Connection, late);
        }

        await two.HearsAsync(late);
        Assert.DoesNotContain(two.Heard, i => i.Subject == early);
        await slow.CommitAsync(Stop);
        await two.HearsAsync(early);

        await using var scope = await one.Database.ForSystemAsync(Stop);
        var ids = await scope.Db.Invalidations.OrderBy(i => i.Id).Select(i => i.Subject).ToListAsync(Stop);
        Assert.Equal(early, ids[0]);
    }

    [Fact]
    public async Task A_rolled_back_change_tells_nobody()
    {
        await using var one = await Node.StartAsync(_database);
        await using var two = await Node.StartAsync(_database);
        var (never, after) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using (var scope = await one.Database.ForSystemAsync(Stop))
        {
            one.Invalidations.Publish(scope, InvalidationKind.User, never);
            await scope.Db.SaveChangesAsync(Stop);
        }

        await one.PublishAsync(InvalidationKind.User, after);
        await two.HearsAsync(after);
        Assert.All([one, two], node => Assert.DoesNotContain(node.Heard, i => i.Subject == never));
    }

    [Fact]
    public async Task A_user_publishes_in_the_transaction_of_the_own_change()
    {
        await using var one = await Node.StartAsync(_database);
        await using var two = await Node.StartAsync(_database);
        var subject = Guid.CreateVersion7();
        await using (var scope = await one.Database.ForAccountAsync(new UserId(subject), Stop))
        {
            one.Invalidations.Publish(scope, InvalidationKind.Credentials, subject);
            await scope.CommitAsync(Stop);
        }

        await two.HearsAsync(subject);
    }

    [Fact]
    public void Memory_is_trusted_for_two_seconds_after_the_last_news()
    {
        var time = new Ticks();
        var invalidations = new Invalidations(time);
        Assert.False(invalidations.IsCurrent, "A node that never heard anything trusted its memory.");
        invalidations.Heard(time.GetTimestamp());
        Assert.True(invalidations.IsCurrent);
        time.Advance(Promise);
        Assert.True(invalidations.IsCurrent);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(invalidations.IsCurrent);
    }

    [Fact]
    public async Task Without_its_database_a_node_starts_and_is_not_current()
    {
        var options = new DatabaseOptions { App = Closed(), System = Closed() };
        await using var node = await Node.StartAsync(options, TimeProvider.System);
        Assert.False(node.Invalidations.IsCurrent);

        string Closed() => $"Host=127.0.0.1;Port={Ports.Free()};Username=x;Timeout=1";
    }

    [Fact]
    public async Task A_node_that_slept_too_long_forgets_everything()
    {
        var time = new Ticks();
        await using var node = await Node.StartAsync(_database.Options, time);
        await using var other = await Node.StartAsync(_database);
        await other.PublishAsync(InvalidationKind.User, Guid.CreateVersion7());
        Assert.DoesNotContain(node.Heard, i => i.Kind == InvalidationKind.Everything);
        time.Advance(TimeSpan.FromSeconds(61));
        await node.HearsAsync(Guid.Empty);
        Assert.Contains(node.Heard, i => i.Kind == InvalidationKind.Everything);
    }

    [Fact]
    public async Task A_node_whose_connections_are_all_taken_still_hears_the_others()
    {
        await using var node = await Node.StartAsync(new DatabaseOptions { App = _database.App, System = $"{_database.System};Maximum Pool Size=1", Listen = false }, TimeProvider.System);
        await using var other = await Node.StartAsync(_database);
        await using var only = await node.Database.ForSystemAsync(Stop);
        await Assert.ThrowsAnyAsync<Exception>(async () => await node.Database.ForSystemAsync(Stop));

        var subject = Guid.CreateVersion7();
        await other.PublishAsync(InvalidationKind.User, subject);
        await node.HearsAsync(subject);
        Assert.True(node.Invalidations.IsCurrent, "A node without a free connection stopped trusting its memory.");
    }

    /// <summary>One node's ear and mouth.</summary>
    internal sealed class Node : IAsyncDisposable
    {
        private readonly ConcurrentQueue<Invalidation> _heard = new();
        private readonly InvalidationPoller _poller;

        private Node(DatabaseOptions options, TimeProvider time)
        {
            Database = new PortalDatabase(options);
            Invalidations = new Invalidations(time);
            Invalidations.Subscribe(_heard.Enqueue);
            _poller = new InvalidationPoller(Database, Invalidations, time, NullLogger<InvalidationPoller>.Instance);
        }

        public PortalDatabase Database { get; }

        public Invalidations Invalidations { get; }

        public IReadOnlyCollection<Invalidation> Heard => [.. _heard];

        public static Task<Node> StartAsync(TestDatabase database, bool listen = true) =>
            StartAsync(new DatabaseOptions { App = database.App, System = database.System, Listen = listen }, TimeProvider.System);

        public static async Task<Node> StartAsync(DatabaseOptions options, TimeProvider time)
        {
            var node = new Node(options, time);
            await node._poller.StartAsync(Stop);
            return node;
        }

        public async Task PublishAsync(InvalidationKind kind, Guid subject)
        {
            await using var scope = await Database.ForSystemAsync(Stop);
            Invalidations.Publish(scope, kind, subject);
            await scope.CommitAsync(Stop);
        }

        public async Task HearsAsync(Guid subject)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            deadline.CancelAfter(TimeSpan.FromSeconds(20));
            while (_heard.All(i => i.Subject != subject))
            {
                await Task.Delay(10, deadline.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _poller.StopAsync(CancellationToken.None);
            _poller.Dispose();
            await Database.DisposeAsync();
        }
    }

    /// <summary>A stopwatch that moves by hand.</summary>
    private sealed class Ticks : TimeProvider
    {
        private long _now = 1_000_000_000;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _now, by.Ticks);
    }
}
