using System.Text.Json;
using System.Text.Json.Nodes;

namespace McpPortal.Toolsets;

/// <summary>A tool as a server offers it, to be picked.</summary>
public sealed record OfferedTool(string Name, string? Description)
{
    internal static OfferedTool Of(JsonObject tool) =>
        new((string)tool["name"]!, tool["description"] is { } words && words.GetValueKind() == JsonValueKind.String ? (string?)words : null);
}
