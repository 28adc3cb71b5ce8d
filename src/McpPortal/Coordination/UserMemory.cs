using System.Collections.Concurrent;
using McpPortal.Data;

namespace McpPortal.Coordination;

/// <summary>
/// Remembers one immutable thing per user, loaded once however many ask. While this node may have missed invalidations it remembers nothing.
/// </summary>
internal sealed class UserMemory<T>(Invalidations invalidations, Func<UserId, CancellationToken, Task<T>> load)
    where T : class
{
    private readonly ConcurrentDictionary<UserId, Entry> _entries = new();

    public ValueTask<T> GetAsync(UserId user, CancellationToken cancellationToken)
    {
        if (!invalidations.IsCurrent)
        {
            return new(load(user, cancellationToken));
        }

        // What a change made stale is forgotten here, loads under way included: whoever asks after the change begins a load of their own.
        var entry = _entries.GetOrAdd(user, static _ => new Entry());
        return entry.Value is { } value ? new(value) : new(LoadAsync(user, entry, cancellationToken));
    }

    public void Forget(UserId user) => _entries.TryRemove(user, out _);

    public void ForgetAll() => _entries.Clear();

    private async Task<T> LoadAsync(UserId user, Entry entry, CancellationToken cancellationToken)
    {
        Task<T> task;
        lock (entry)
        {
            // Shared, hence not tied to one caller's patience.
            task = entry.Load ??= load(user, CancellationToken.None);
        }

        try
        {
            return entry.Value = await task.WaitAsync(cancellationToken);
        }
        catch when (task.IsFaulted || task.IsCanceled)
        {
            _entries.TryRemove(new(user, entry));
            throw;
        }
    }

    private sealed class Entry
    {
        public volatile T? Value;

        public Task<T>? Load;
    }
}
