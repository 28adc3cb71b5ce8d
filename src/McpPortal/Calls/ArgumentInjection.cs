using System.Text.Json.Nodes;
using McpPortal.Data;

namespace McpPortal.Calls;

/// <summary>Credentials that travel as tool arguments: hidden from the listed schema, refused from the caller, filled in at the end.</summary>
internal static class ArgumentInjection
{
    public static IEnumerable<CredentialNeed> Needs(IReadOnlyList<CredentialNeed> needs) => needs.Where(need => need.Placement == CredentialPlacement.Argument);

    /// <summary>The name of an argument that only the portal may fill in but the caller sent, or null.</summary>
    public static string? Forbidden(IReadOnlyList<CredentialNeed> needs, JsonObject arguments) =>
        Needs(needs).FirstOrDefault(need => arguments.ContainsKey(need.Target!))?.Target;

    /// <summary>A copy of the tool definition without the arguments that the portal fills in.</summary>
    public static JsonObject Hide(IReadOnlyList<CredentialNeed> needs, JsonObject tool)
    {
        var copy = (JsonObject)tool.DeepClone();
        foreach (var target in Needs(needs).Select(need => need.Target!))
        {
            if (copy["inputSchema"] is not JsonObject schema)
            {
                continue;
            }

            (schema["properties"] as JsonObject)?.Remove(target);
            if (schema["required"] is JsonArray required)
            {
                required.RemoveAll(name => name?.GetValueKind() == System.Text.Json.JsonValueKind.String && name.GetValue<string>() == target);
            }
        }

        return copy;
    }
}
