using System.Collections.Concurrent;

namespace McpPortal.Coordination;

/// <summary>Collects when things were last used, so that no request waits for the write.</summary>
/// <param name="keys">Tells the keys apart; null for their own way.</param>
internal sealed class LastUses<TKey, TUse>(IEqualityComparer<TKey>? keys = null)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, TUse> _uses = new(keys);

    public void Note(TKey key, TUse use) => _uses[key] = use;

    /// <summary>Hands over what was noted, and forgets it once it is written; what was used again meanwhile stays for the next time.</summary>
    public async Task WriteAsync(Func<KeyValuePair<TKey, TUse>[], Task> write)
    {
        if (_uses.IsEmpty)
        {
            return;
        }

        var batch = _uses.ToArray();
        await write(batch);
        foreach (var entry in batch)
        {
            _uses.TryRemove(entry);
        }
    }
}
