using System.Collections.Immutable;
using McpPortal.Data;

namespace McpPortal.Coordination;

/// <summary>
/// Tells every node that something it may remember is no longer so. Published in the transaction of the change; this node hears it
/// at commit, the others within two seconds.
/// </summary>
internal sealed class Invalidations(TimeProvider time)
{
    private static readonly TimeSpan CurrentFor = TimeSpan.FromSeconds(2);
    private ImmutableArray<Action<Invalidation>> _subscribers = [];
    private TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastHeard = time.GetTimestamp() - (time.TimestampFrequency * 3600);
    private volatile bool _hasHeard;

    /// <summary>
    /// Whether this node has heard everything up to two seconds ago. When not, whoever relies on memory must ask the database or refuse.
    /// </summary>
    public bool IsCurrent => time.GetElapsedTime(Volatile.Read(ref _lastHeard)) <= CurrentFor;

    /// <summary>Whether news have ever come: where nothing listens for them, as at the command line, there are none to wait for.</summary>
    public bool HasHeard => _hasHeard;

    /// <summary>
    /// Waits a little until the node has heard from the others again: on a machine with too much to do the news are late, and whoever may
    /// not act on memory alone should rather wait than refuse. False when the time is up or the wait is cancelled.
    /// </summary>
    public async ValueTask<bool> BecomesCurrentAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            // Read before the question, or what is heard in between would be missed.
            var heard = Volatile.Read(ref _heard).Task;
            var left = patience - time.GetElapsedTime(began);
            if (IsCurrent || left <= TimeSpan.Zero || cancellationToken.IsCancellationRequested)
            {
                return IsCurrent;
            }

            await Task.WhenAny(heard, Task.Delay(left, time, cancellationToken));
        }
    }

    /// <summary>Adds the message to the transaction.</summary>
    public void Publish(DatabaseScope scope, InvalidationKind kind, Guid subject)
    {
        scope.Db.Invalidations.Add(new InvalidationRow { Kind = (int)kind, Subject = subject });
        scope.OnCommitted(() => Dispatch(new Invalidation(kind, subject)));
    }

    /// <summary>Calls back for each message, more than once for some. The callback must be quick and must not throw.</summary>
    public void Subscribe(Action<Invalidation> subscriber) =>
        ImmutableInterlocked.Update(ref _subscribers, (list, added) => list.Add(added), subscriber);

    internal void Dispatch(Invalidation invalidation)
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber(invalidation);
        }
    }

    /// <summary>Called by the poller with the time at which the completed poll began.</summary>
    internal void Heard(long timestamp)
    {
        Volatile.Write(ref _lastHeard, timestamp);
        _hasHeard = true;
        Interlocked.Exchange(ref _heard, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }
}
