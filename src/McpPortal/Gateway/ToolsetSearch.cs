using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>
/// A large toolset as two tools: one finds the others, one runs them. What runs is the real tool, with its own checks, record, progress and
/// questions; these two decide nothing about it.
/// </summary>
internal sealed class ToolsetSearch(ToolsetLists lists, GatewayCalls passing)
{
    private const string SearchName = "search_tools";
    private const string RunName = "run_tool";
    private const int MaxQuery = 1000;
    private const int MaxLimit = 50;
    private const int UsualLimit = 8;
    private static readonly string[] Told = ["name", "title", "description", "inputSchema", "annotations"];

    public static JsonArray Definitions() =>
    [
        new JsonObject
        {
            ["name"] = SearchName,
            ["title"] = "Search tools",
            ["description"] = $"Finds tools by words in their names and descriptions and tells what arguments they take. Run what it finds with {RunName}.",
            ["inputSchema"] = Schema(
                new JsonObject
                {
                    ["query"] = new JsonObject { ["type"] = "string", ["maxLength"] = MaxQuery, ["description"] = "Words that say what the tool should do." },
                    ["limit"] = new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = MaxLimit, ["default"] = UsualLimit, ["description"] = "How many tools to tell of at most." },
                },
                "query"),
            ["annotations"] = new JsonObject { ["readOnlyHint"] = true, ["openWorldHint"] = false },
        },
        new JsonObject
        {
            ["name"] = RunName,
            ["title"] = "Run a tool",
            ["description"] = $"Runs a tool that {SearchName} found and returns what it returns.",
            ["inputSchema"] = Schema(
                new JsonObject
                {
                    ["name"] = new JsonObject { ["type"] = "string", ["description"] = $"The name, exactly as {SearchName} told it." },
                    ["arguments"] = new JsonObject { ["type"] = "object", ["description"] = "The tool's own arguments, as its inputSchema asks for them." },
                },
                "name"),
        },
    ];

    /// <param name="request">The call, within the set.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<JsonRpcMessageWithId> CallAsync(GatewayRequest request, CancellationToken cancellationToken)
    {
        var arguments = request.Parameters["arguments"] as JsonObject ?? [];
        return request.Text("name") switch
        {
            SearchName => await SearchAsync(request, arguments, cancellationToken),
            RunName => await RunAsync(request, arguments, cancellationToken),
            _ => OneToolset.NoTool(request, $"Here are {SearchName} and {RunName}."),
        };
    }

    private async Task<JsonRpcMessageWithId> SearchAsync(GatewayRequest request, JsonObject arguments, CancellationToken cancellationToken)
    {
        if (arguments["query"] is not JsonValue given || !given.TryGetValue<string>(out var query) || query.Length > MaxQuery)
        {
            return GatewayAnswers.ToolError(request, $"Send query, a text of at most {MaxQuery} characters.");
        }

        var limit = UsualLimit;
        if (arguments["limit"] is { } wished && !(wished is JsonValue number && number.TryGetValue(out limit) && limit is >= 1 and <= MaxLimit))
        {
            return GatewayAnswers.ToolError(request, $"limit is a number from 1 to {MaxLimit}.");
        }

        var list = await lists.GetAsync(request.Caller, cancellationToken);
        var found = new JsonArray([.. list.Finder.Find(query, limit).Select(Tell)]);
        var answer = new JsonObject { ["tools"] = found, ["of"] = list.Tools.Count };
        if (list.Warnings.Count > 0)
        {
            // A model does not see metadata.
            answer["warnings"] = new JsonArray([.. list.Warnings.Select(warning => (JsonNode?)warning)]);
        }

        var words = found.Count > 0 ? answer.ToJsonString() : string.Join('\n', list.Warnings.Prepend($"None of {list.Tools.Count} tools fits. Try other words."));
        return GatewayAnswers.Result(request, Warning.Beside(new JsonObject { ["content"] = GatewayAnswers.Text(words), ["structuredContent"] = answer }, list.Warnings));
    }

    private async Task<JsonRpcMessageWithId> RunAsync(GatewayRequest request, JsonObject arguments, CancellationToken cancellationToken)
    {
        if (arguments["name"] is not JsonValue given || !given.TryGetValue<string>(out var name))
        {
            return GatewayAnswers.ToolError(request, $"Send name, the name of a tool that {SearchName} found.");
        }

        if (arguments["arguments"] is not (null or JsonObject))
        {
            return GatewayAnswers.ToolError(request, "Send the tool's arguments as a JSON object.");
        }

        // From here on it is a call of the real tool, answers to its questions and metadata included.
        request.Parameters["arguments"] = arguments["arguments"]?.DeepClone();
        return ListedNames.Split(name) is var (server, tool)
            ? await passing.CallToolAsync(request, server, tool, logLevel: null, cancellationToken)
            : OneToolset.NoTool(request, "Tools are named server__tool.");
    }

    private static JsonObject Tell(JsonObject tool) =>
        new(Told.Where(field => tool[field] is not null).Select(field => KeyValuePair.Create(field, tool[field]?.DeepClone())));

    private static JsonObject Schema(JsonObject properties, string required) =>
        new() { ["type"] = "object", ["properties"] = properties, ["required"] = new JsonArray(required), ["additionalProperties"] = false };
}
