using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>Puts the questions of a server (<c>input_required</c>, 2026-07-28) to a client of an older revision, as requests of their own.</summary>
internal static class Questions
{
    /// <summary>So many in a row a server may ask before a request is given up.</summary>
    public const int MaxRounds = 10;

    private static readonly string[] Methods = [RequestMethods.ElicitationCreate, RequestMethods.SamplingCreateMessage, RequestMethods.RootsList];

    /// <summary>Whether a result is a question that this client has to be asked.</summary>
    public static bool Are(GatewayRequest request, JsonObject? result) => !request.IsPerRequest && (string?)result?["resultType"] == "input_required";

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
            var answers = await Task.WhenAll(questions.Select(async question => KeyValuePair.Create(question.Key, await AskAsync(request, question.Value as JsonObject, cancellationToken))));
            parameters["inputResponses"] = new JsonObject(answers);
        }

        return parameters;
    }

    private static async Task<JsonNode?> AskAsync(GatewayRequest request, JsonObject? question, CancellationToken cancellationToken)
    {
        var method = (string?)question?["method"];
        if (method is null || !Methods.Contains(method))
        {
            throw new McpProtocolException("The server asked for something that clients of this protocol revision cannot answer.", McpErrorCode.InternalError);
        }

        return (await request.AskClientAsync(method, question!["params"], cancellationToken))?.DeepClone();
    }
}
