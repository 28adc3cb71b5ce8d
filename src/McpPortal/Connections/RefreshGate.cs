using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>One refresh per connection within the process, shared by every door; who waits may leave, the refresh goes on.</summary>
internal sealed class RefreshGate(Refresher refresher, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(ConnectionId, bool), Task<RefreshOutcome>> _flights = [];

    public async Task<RefreshOutcome> RenewAsync(ConnectionId id, long seen, bool forced, CancellationToken cancellationToken)
    {
        Task<RefreshOutcome> flight;
        lock (_gate)
        {
            if (!_flights.TryGetValue((id, forced), out flight!))
            {
                _flights[(id, forced)] = flight = FlyAsync(id, seen, forced);
            }
        }

        try
        {
            return await flight.WaitAsync(Refresher.Patience, time, cancellationToken);
        }
        catch (TimeoutException) when (!flight.IsFaulted)
        {
            return new RefreshOutcome.Unavailable("The provider takes long to renew access. Try again in a moment.");
        }
    }

    /// <summary>Waits for what is under way, so that a stopping process loses no rotated token.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        Task[] flights;
        lock (_gate)
        {
            flights = [.. _flights.Values];
        }

        await Task.WhenAll(flights).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<RefreshOutcome> FlyAsync(ConnectionId id, long seen, bool forced)
    {
        // Leaves the lock before anything runs, and never carries a caller's token.
        await Task.Yield();
        try
        {
            return await refresher.RenewAsync(id, seen, forced, CancellationToken.None);
        }
        finally
        {
            lock (_gate)
            {
                _flights.Remove((id, forced));
            }
        }
    }
}
