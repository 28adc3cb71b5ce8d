using System.Text.Json.Nodes;

namespace McpPortal.Gateway;

/// <summary>
/// URIs of resources where all servers stand in one list: <c>mcp+server+uri</c>, which is a URI again, with a scheme of its own (RFC 3986, 3.1). A
/// server's short name holds no plus, so the second of them always ends it and no two resources can meet in one URI.
/// </summary>
internal static class ListedUris
{
    private const string Beginning = "mcp+";
    private const char Separator = '+';

    public static string Join(string server, string uri) => $"{Beginning}{server}{Separator}{uri}";

    /// <summary>Null when the URI is none of ours.</summary>
    public static (string Server, string Uri)? Split(string uri)
    {
        if (!uri.StartsWith(Beginning, StringComparison.Ordinal))
        {
            return null;
        }

        var rest = uri[Beginning.Length..];
        return rest.IndexOf(Separator, StringComparison.Ordinal) is > 0 and var at && at + 1 < rest.Length ? (rest[..at], rest[(at + 1)..]) : null;
    }

    /// <summary>Makes what a server answered name its resources so that they can be asked for where all servers stand in one list.</summary>
    public static void Rename(JsonObject result, string server)
    {
        // The contents of a resource, the blocks of a tool's result, and those of a prompt's messages.
        foreach (var part in Objects(result["contents"]).Concat(Objects(result["content"])).Concat(Objects(result["messages"]).Select(message => message["content"]).OfType<JsonObject>()))
        {
            foreach (var named in new[] { part, part["resource"] as JsonObject })
            {
                if (named?["uri"] is JsonValue value && value.TryGetValue<string>(out var uri))
                {
                    named["uri"] = Join(server, uri);
                }
            }
        }
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? array) => (array as JsonArray)?.OfType<JsonObject>() ?? [];
}
