using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Sessions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>
/// What a server asks back. It reaches only a client that said it can answer; a client of an older revision is asked the questions of a newer
/// server (<c>input_required</c>, 2026-07-28) in requests of their own.
/// </summary>
internal static class Questions
{
    /// <summary>So many in a row a server may ask before a request is given up.</summary>
    public const int MaxRounds = CallRunner.MaxQuestions;

    /// <summary>Whether a result is a question.</summary>
    public static bool Are(JsonObject? result) => Text(result?["resultType"]) == "input_required";

    /// <summary>Makes of the questions in a result what this client may be asked.</summary>
    /// <exception cref="McpProtocolException">One of them it cannot answer, or must not see.</exception>
    public static void Admit(GatewayRequest request, string server, JsonObject result)
    {
        foreach (var (_, asked) in result["inputRequests"] as JsonObject ?? [])
        {
            var question = asked as JsonObject ?? throw new McpProtocolException($"The server '{server}' asked back in a way that nobody understands.", McpErrorCode.InternalError);
            question["params"] = Admitted(request, server, Text(question["method"]), question["params"])?.DeepClone();
        }
    }

    /// <summary>
    /// The parameters of a question as this client may see them. Whoever is sent to an address reads which server sends them where: the
    /// words are the server's, and could be made to look like the portal's own.
    /// </summary>
    /// <exception cref="McpProtocolException">It cannot answer, or must not see it.</exception>
    public static JsonNode? Admitted(GatewayRequest request, string server, string? method, JsonNode? parameters)
    {
        if (!UpstreamWishes.CanAnswer(request.Capabilities, method, parameters))
        {
            throw Needed(method, parameters) is { } needed
                ? new MissingRequiredClientCapabilityException(needed, $"The server '{server}' asked for something that this client did not say it can answer.")
                : new McpProtocolException($"The server '{server}' asked for something that no client can answer.", McpErrorCode.InternalError);
        }

        if (method != RequestMethods.ElicitationCreate || !UpstreamWishes.SendsElsewhere(parameters))
        {
            return parameters;
        }

        var shown = (JsonObject)parameters!.DeepClone();
        if (!Uri.TryCreate(Text(shown["url"]), UriKind.Absolute, out var address) || address.UserInfo.Length > 0
            || (address.Scheme != Uri.UriSchemeHttps && (address.Scheme != Uri.UriSchemeHttp || !address.IsLoopback)))
        {
            throw new McpProtocolException($"The server '{server}' wanted an address to be opened that is no plain https address.", McpErrorCode.InvalidParams);
        }

        // As it was read here: programs do not agree on what a strange address means.
        shown["url"] = address.AbsoluteUri;
        shown["message"] = $"The server '{server}' asks you to open {address.IdnHost}. {Text(shown["message"])}".TrimEnd();
        return shown;
    }

    /// <summary>The parameters with which the request is made again, the client's answers among them.</summary>
    /// <exception cref="McpProtocolException">The client refused to answer, or cannot.</exception>
    public static async Task<JsonObject> AnswerAsync(GatewayRequest request, JsonObject result, CancellationToken cancellationToken)
    {
        var parameters = (JsonObject)request.Parameters.DeepClone();
        parameters.Remove("inputResponses");
        parameters.Remove("requestState");
        if (result["requestState"] is { } state)
        {
            parameters["requestState"] = state.DeepClone();
        }

        if (result["inputRequests"] is JsonObject { Count: > 0 } questions)
        {
            var answers = await Task.WhenAll(questions.Select(async question => KeyValuePair.Create(question.Key, await AskAsync(request, (JsonObject)question.Value!, cancellationToken))));
            parameters["inputResponses"] = new JsonObject(answers);
        }

        return parameters;
    }

    private static async Task<JsonNode?> AskAsync(GatewayRequest request, JsonObject question, CancellationToken cancellationToken) =>
        (await request.AskClientAsync(Text(question["method"])!, question["params"], cancellationToken))?.DeepClone();

    private static ClientCapabilities? Needed(string? method, JsonNode? parameters) => method switch
    {
        RequestMethods.ElicitationCreate when UpstreamWishes.SendsElsewhere(parameters) => new() { Elicitation = new ElicitationCapability { Url = new UrlElicitationCapability() } },
        RequestMethods.ElicitationCreate => new() { Elicitation = new ElicitationCapability { Form = new FormElicitationCapability() } },
#pragma warning disable MCP9003, MCP9004, MCP9005 // Deprecated, and what older servers ask for.
        RequestMethods.SamplingCreateMessage => new() { Sampling = new SamplingCapability() },
        RequestMethods.RootsList => new() { Roots = new RootsCapability() },
#pragma warning restore MCP9003, MCP9004, MCP9005
        _ => null,
    };

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
