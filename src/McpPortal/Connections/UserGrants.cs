using System.Collections.Frozen;
using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>One person's connections and which server uses which of them, as they were at one moment.</summary>
internal sealed class UserGrants(IEnumerable<ServerCredential> links, IEnumerable<Connection> connections)
{
    private readonly FrozenDictionary<(ServerId, string), ServerCredential> _links = links.ToFrozenDictionary(l => (l.ServerId, l.Need));
    private readonly FrozenDictionary<ConnectionId, Connection> _connections = connections.ToFrozenDictionary(c => c.Id);

    public ServerCredential? Link(ServerId server, string need) => _links.GetValueOrDefault((server, need));

    public Connection? Connection(ConnectionId id) => _connections.GetValueOrDefault(id);
}
