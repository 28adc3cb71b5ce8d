using McpPortal.Data;

namespace McpPortal.Toolsets;

/// <summary>One server of a toolset.</summary>
/// <param name="Server">The server; its owner may have lost it meanwhile.</param>
/// <param name="ServerName">What it was called when it was last chosen.</param>
/// <param name="Tools">The chosen tools by their names at the server; null means all.</param>
internal sealed record ToolsetPart(ServerId Server, string ServerName, IReadOnlySet<string>? Tools)
{
    public bool Has(string tool) => Tools?.Contains(tool) != false;
}
