using System.Collections.Concurrent;

namespace McpPortal.Coordination;

/// <summary>
/// Remembers one immutable thing per key, loaded once however many ask. While this node may have missed invalidations nothing of it counts.
/// </summary>
/// <param name="max">How many are remembered; one more, and all are forgotten.</param>
internal sealed class Memory<TKey, T>(Invalidations invalidations, Func<TKey, CancellationToken, Task<T>> load, int max = int.MaxValue)
    where TKey : notnull
    where T : class
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();
    private int _count;

    public ValueTask<T> GetAsync(TKey key, CancellationToken cancellationToken) =>
        invalidations.IsCurrent ? RememberedAsync(key, cancellationToken) : new(AfterNewsAsync(key, cancellationToken));

    /// <summary>Whether it is in memory, whatever it is worth now.</summary>
    public bool Holds(TKey key) => _entries.TryGetValue(key, out var entry) && entry.Value is not null;

    public void Forget(TKey key)
    {
        if (_entries.TryRemove(key, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>Forgets what the condition holds for, and every load under way, for nobody knows yet what it will bring.</summary>
    public void ForgetWhere(Func<T, bool> condition)
    {
        foreach (var (key, entry) in _entries)
        {
            if (entry.Value is not { } value || condition(value))
            {
                Forget(key, entry);
            }
        }
    }

    public void ForgetAll()
    {
        foreach (var (key, entry) in _entries)
        {
            Forget(key, entry);
        }
    }

    /// <summary>
    /// News that are merely late come in a moment. If everybody asked the database in their place, an overloaded node would be overloaded for good.
    /// </summary>
    private async Task<T> AfterNewsAsync(TKey key, CancellationToken cancellationToken) =>
        invalidations.HasHeard && await invalidations.BecomesCurrentAsync(Patience, cancellationToken) ? await RememberedAsync(key, cancellationToken) : await load(key, cancellationToken);

    private ValueTask<T> RememberedAsync(TKey key, CancellationToken cancellationToken)
    {
        // What a change made stale is forgotten here, loads under way included: whoever asks after the change begins a load of their own.
        if (!_entries.TryGetValue(key, out var entry))
        {
            if (Volatile.Read(ref _count) >= max)
            {
                ForgetAll();
            }

            var added = new Entry();
            entry = _entries.GetOrAdd(key, added);
            if (entry == added)
            {
                Interlocked.Increment(ref _count);
            }
        }

        return entry.Value is { } value ? new(value) : new(LoadAsync(key, entry, cancellationToken));
    }

    private void Forget(TKey key, Entry entry)
    {
        if (_entries.TryRemove(new(key, entry)))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    private async Task<T> LoadAsync(TKey key, Entry entry, CancellationToken cancellationToken)
    {
        Task<T> task;
        lock (entry)
        {
            // Shared, hence not tied to one caller's patience.
            task = entry.Load ??= load(key, CancellationToken.None);
        }

        try
        {
            return entry.Value = await task.WaitAsync(cancellationToken);
        }
        catch when (task.IsFaulted || task.IsCanceled)
        {
            Forget(key, entry);
            throw;
        }
    }

    private sealed class Entry
    {
        public volatile T? Value;

        public Task<T>? Load;
    }
}
