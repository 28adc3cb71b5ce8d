using System.Text.Json.Nodes;
using McpPortal.Data;

namespace McpPortal.Gateway;

/// <summary>What a toolset holds for one caller, composed once. Its definitions are shared, so whoever sends one sends a copy.</summary>
/// <param name="User">Whose it is.</param>
/// <param name="Tools">The definitions.</param>
/// <param name="Warnings">What is missing in it, and why.</param>
/// <param name="IsComplete">Whether every server that is there has listed its tools.</param>
/// <param name="At">When it was composed.</param>
internal sealed record ToolsetList(UserId User, IReadOnlyList<JsonObject> Tools, IReadOnlyList<string> Warnings, bool IsComplete, DateTimeOffset At)
{
    /// <summary>Finds tools by words.</summary>
    public ToolFinder Finder => field ??= new ToolFinder(Tools);
}
