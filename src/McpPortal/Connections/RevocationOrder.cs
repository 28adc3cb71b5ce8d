using McpPortal.Connections.Providers;
using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>Public part of an outbox item that revokes tokens.</summary>
/// <param name="Provider">Whose tokens they are.</param>
/// <param name="Reach">What may go with them.</param>
/// <param name="Generation">Generation of the connection that waits for the outcome; null when none does.</param>
internal sealed record RevocationOrder(ProviderId Provider, RevocationReach Reach, long? Generation);
