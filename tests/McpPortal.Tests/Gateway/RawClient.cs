using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace McpPortal.Tests.Gateway;

/// <summary>A client of revision 2026-07-28 without a library: what it sends and what it gets is the JSON itself.</summary>
internal sealed class RawClient(HttpClient http, Uri address, string key)
{
    private const string Meta = "io.modelcontextprotocol/";
    private int _id;

    /// <summary>Everything the server says to one request, its answer last.</summary>
    public async Task<IReadOnlyList<JsonObject>> AskAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        var meta = parameters["_meta"] as JsonObject ?? [];
        meta[$"{Meta}protocolVersion"] = "2026-07-28";
        meta.TryAdd($"{Meta}clientCapabilities", new JsonObject());
        parameters["_meta"] = meta;
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = JsonContent.Create(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = ++_id, ["method"] = method, ["params"] = parameters }),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
        };
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.Accept.ParseAdd("text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", "2026-07-28");
        request.Headers.Add("Mcp-Method", method);
        if ((parameters["name"] ?? parameters["uri"]) is { } name)
        {
            request.Headers.Add("Mcp-Name", (string)name!);
        }

        using var response = await http.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.Content.Headers.ContentType?.MediaType == "text/event-stream"
            ? [.. body.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => (JsonObject)JsonNode.Parse(line[6..])!)]
            : [(JsonObject)JsonNode.Parse(body)!];
    }
}
