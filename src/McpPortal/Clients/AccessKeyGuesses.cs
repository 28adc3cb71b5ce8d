using System.Threading.RateLimiting;

namespace McpPortal.Clients;

/// <summary>
/// Limits how many keys that are none one address may have looked up. What is in memory is answered all the same, so that whoever guesses
/// from behind the same address does not stop programs that are at work.
/// </summary>
internal sealed class AccessKeyGuesses : IDisposable
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private const int PerWindow = 30;

    private readonly PartitionedRateLimiter<string> _wrong = PartitionedRateLimiter.Create<string, string>(address => RateLimitPartition.GetFixedWindowLimiter(
        address, _ => new FixedWindowRateLimiterOptions { PermitLimit = PerWindow, Window = Window, QueueLimit = 0 }));

    /// <summary>Whether the address has tried too many by now.</summary>
    public bool IsExceeded(string address)
    {
        using var lease = _wrong.AttemptAcquire(address, 0);
        return !lease.IsAcquired;
    }

    public void Missed(string address) => _wrong.AttemptAcquire(address).Dispose();

    public void Dispose() => _wrong.Dispose();
}
