using System.Text.Json.Nodes;

namespace McpPortal.Gateway;

/// <summary>Says in a result's metadata what is missing in it, and why.</summary>
internal static class Warning
{
    private const string Key = "io.mcpportal/warnings";

    public static JsonObject Beside(JsonObject result, IReadOnlyList<string> warnings)
    {
        if (warnings.Count > 0)
        {
            result["_meta"] = new JsonObject { [Key] = new JsonArray([.. warnings.Select(warning => (JsonNode?)warning)]) };
        }

        return result;
    }
}
