using McpPortal.Data;

namespace McpPortal.Coordination;

/// <summary>This process among the nodes that share the database.</summary>
internal sealed class ThisNode
{
    public NodeId Id { get; } = NodeId.New();

    public string Name { get; } = $"{Environment.MachineName}:{Environment.ProcessId}";
}
