using System.Threading.RateLimiting;

namespace McpPortal.Clients.OAuth;

/// <summary>Limits how many clients one address registers: anybody may, so somebody will.</summary>
internal sealed class Registrations(ClientsOptions options) : IDisposable
{
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly PartitionedRateLimiter<string> _made = PartitionedRateLimiter.Create<string, string>(address => RateLimitPartition.GetFixedWindowLimiter(
        address, _ => new FixedWindowRateLimiterOptions { PermitLimit = options.RegistrationsPerHour, Window = Window, QueueLimit = 0 }));

    public bool MayRegister(string address)
    {
        using var lease = _made.AttemptAcquire(address);
        return lease.IsAcquired;
    }

    public void Dispose() => _made.Dispose();
}
