using System.Collections.Concurrent;
using McpPortal.Data;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Options;

namespace McpPortal.Accounts;

/// <summary>Which sign-in opened which circuit, for as long as a lost connection may come back to it.</summary>
internal sealed class CircuitOwners(TimeProvider clock, IOptions<CircuitOptions> options)
{
    private readonly ConcurrentDictionary<string, Owner> _owners = new(StringComparer.Ordinal);

    /// <param name="circuit">The circuit's secret name, which the browser keeps.</param>
    /// <param name="connection">The connection that uses it now.</param>
    /// <param name="session">The sign-in behind that connection.</param>
    public void Add(string circuit, string connection, SignInSessionId session)
    {
        var forgotten = clock.GetUtcNow() - options.Value.DisconnectedCircuitRetentionPeriod;
        foreach (var (old, owner) in _owners)
        {
            if (owner.LeftAt < forgotten)
            {
                _owners.TryRemove(old, out _);
            }
        }

        _owners[circuit] = new Owner(session, connection, null);
    }

    /// <summary>Whether the circuit may be entered again; then it belongs to this connection.</summary>
    public bool Return(string circuit, string connection, SignInSessionId session)
    {
        if (!_owners.TryGetValue(circuit, out var owner) || owner.Session != session)
        {
            return false;
        }

        _owners[circuit] = new Owner(session, connection, null);
        return true;
    }

    public void Left(string connection)
    {
        foreach (var (circuit, owner) in _owners)
        {
            if (owner.Connection == connection)
            {
                _owners.TryUpdate(circuit, owner with { LeftAt = clock.GetUtcNow() }, owner);
            }
        }
    }

    private sealed record Owner(SignInSessionId Session, string Connection, DateTimeOffset? LeftAt);
}
