using System.Collections.Concurrent;
using McpPortal.Data;

namespace McpPortal.Secrets;

/// <summary>Collects when secrets were used; <see cref="SecretUseWriter"/> saves it, so that a call waits for no write.</summary>
internal sealed class SecretUses(TimeProvider time)
{
    private ConcurrentDictionary<SecretId, DateTimeOffset> _uses = new();

    public void Note(SecretId secret) => _uses[secret] = time.GetUtcNow();

    /// <summary>What was noted since the last time.</summary>
    public IReadOnlyDictionary<SecretId, DateTimeOffset> Take() =>
        _uses.IsEmpty ? new Dictionary<SecretId, DateTimeOffset>() : Interlocked.Exchange(ref _uses, new());
}
