namespace McpPortal.Sandbox.Faults;

internal sealed class FaultSwitches
{
    private static readonly Fault None = new() { Endpoint = "" };
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Fault> _faults = [];

    public void Set(Fault fault)
    {
        lock (_gate)
        {
            _faults[fault.Endpoint] = fault;
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _faults.Clear();
        }
    }

    /// <summary>The lasting behaviour of an endpoint (rotation, lifetimes, claims); does not use up <see cref="Fault.Times"/>.</summary>
    public Fault For(string endpoint)
    {
        lock (_gate)
        {
            return _faults.GetValueOrDefault(endpoint, None);
        }
    }

    /// <summary>What happens to this one request; counts it against <see cref="Fault.Times"/>.</summary>
    public Fault Take(string endpoint)
    {
        lock (_gate)
        {
            var fault = _faults.GetValueOrDefault(endpoint, None);
            if (fault.Times is not { } left)
            {
                return fault;
            }

            if (left > 0)
            {
                _faults[endpoint] = fault with { Times = left - 1 };
                return fault;
            }

            return fault with { DelayMs = 0, DropAfterCommit = false, Status = null, Error = null };
        }
    }
}
