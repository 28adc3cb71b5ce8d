using McpPortal.Data;
using McpPortal.Servers;

namespace McpPortal.Connections;

/// <summary>A server that a person ticked, with the destination that stood on the page.</summary>
internal sealed record ConnectTarget(ServerSnapshot Server, CredentialNeed Need, string ShownDestination);
