namespace McpPortal.Accounts.Jwt;

/// <summary>The keys of one issuer. A key id nobody knows asks for a fetch, at most every 30 seconds; a failed fetch changes nothing.</summary>
/// <param name="fetch">Gets the key set's bytes, or null when that failed.</param>
internal sealed class JwksCache(Func<CancellationToken, Task<byte[]?>> fetch, TimeProvider clock) : IJwtKeySource, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(12);
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile Snapshot _keys = new([], DateTimeOffset.MinValue);
    private DateTimeOffset _attempted = DateTimeOffset.MinValue;

    public async ValueTask<IReadOnlyList<JwtKey>> FindAsync(string algorithm, string? keyId, CancellationToken cancellationToken)
    {
        var before = _keys;
        var found = Matching(before, algorithm, keyId);
        if (found.Count > 0 && clock.GetUtcNow() - before.FetchedAt < MaxAge)
        {
            return found;
        }

        await RefetchAsync(before, cancellationToken);
        return Matching(_keys, algorithm, keyId);
    }

    public void Dispose() => _gate.Dispose();

    private static List<JwtKey> Matching(Snapshot snapshot, string algorithm, string? keyId) =>
        [.. snapshot.Keys.Where(k => k.Fits(algorithm) && (keyId is null || k.KeyId is null || k.KeyId == keyId)).Take(10)];

    private async Task RefetchAsync(Snapshot seen, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var now = clock.GetUtcNow();
            if (!ReferenceEquals(_keys, seen) || now - _attempted < Pause)
            {
                return;
            }

            _attempted = now;
            // Not the caller's token: others wait for the same answer, and the attempt is counted.
            using var timeout = new CancellationTokenSource(FetchTimeout);
            if (await fetch(timeout.Token) is { } bytes && Jwks.Parse(bytes) is { Count: > 0 } keys)
            {
                _keys = new Snapshot(keys, now);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private sealed record Snapshot(IReadOnlyList<JwtKey> Keys, DateTimeOffset FetchedAt);
}
