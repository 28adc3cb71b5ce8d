using System.Collections.Concurrent;
using McpPortal.Data;

namespace McpPortal.Calls;

/// <summary>Bounds how many calls of one user run at once and how many may wait, so that one person cannot crowd out the others.</summary>
internal sealed class UserSlots(CallsOptions options)
{
    private readonly ConcurrentDictionary<UserId, Slots> _users = new();

    /// <summary>Counts the call. False: too many are pending already.</summary>
    public bool TryReserve(UserId user)
    {
        while (true)
        {
            var slots = _users.GetOrAdd(user, _ => new Slots(options.MaxRunningPerUser));
            lock (slots)
            {
                if (slots.Gone)
                {
                    continue;
                }

                if (slots.Pending >= options.MaxPendingPerUser)
                {
                    return false;
                }

                slots.Pending++;
                return true;
            }
        }
    }

    /// <summary>Waits until the reserved call may run; dispose what is returned when it has run.</summary>
    public async Task<IDisposable> EnterAsync(UserId user, CancellationToken cancellationToken)
    {
        var slots = _users[user];
        await slots.Running.WaitAsync(cancellationToken);
        return new Entered(slots.Running);
    }

    /// <summary>Ends the reservation.</summary>
    public void Release(UserId user)
    {
        var slots = _users[user];
        lock (slots)
        {
            if (--slots.Pending == 0)
            {
                slots.Gone = true;
                _users.TryRemove(user, out _);
            }
        }
    }

    private sealed class Slots(int running)
    {
        public SemaphoreSlim Running { get; } = new(running);

        public int Pending { get; set; }

        /// <summary>Nobody waits any more and the entry was taken out.</summary>
        public bool Gone { get; set; }
    }

    private sealed class Entered(SemaphoreSlim running) : IDisposable
    {
        public void Dispose() => running.Release();
    }
}
