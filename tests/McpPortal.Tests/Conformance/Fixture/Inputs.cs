using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>What a handler may ask its caller for. A thrown question is a result in the newer revision and a request of the server in the older ones.</summary>
internal static class Inputs
{
    /// <param name="message">What the person is told.</param>
    /// <param name="properties">The fields, as JSON Schema.</param>
    /// <param name="required">The fields that must be filled in.</param>
    public static InputRequest Form(string message, [StringSyntax(StringSyntaxAttribute.Json)] string properties, params string[] required)
    {
        var schema = new JsonObject { ["type"] = "object", ["properties"] = JsonNode.Parse(properties) };
        if (required.Length > 0)
        {
            schema["required"] = new JsonArray([.. required.Select(name => (JsonNode)name)]);
        }

        return Request(RequestMethods.ElicitationCreate, new JsonObject { ["message"] = message, ["requestedSchema"] = schema });
    }

    public static InputRequest Sample(string prompt)
    {
        var message = new JsonObject { ["role"] = "user", ["content"] = new JsonObject { ["type"] = "text", ["text"] = prompt } };
        return Request(RequestMethods.SamplingCreateMessage, new JsonObject { ["messages"] = new JsonArray(message), ["maxTokens"] = 100 });
    }

    public static InputRequest Roots() => Request(RequestMethods.RootsList, []);

    public static InputRequiredException Ask(string key, InputRequest question, string? state = null) =>
        new(new Dictionary<string, InputRequest>(StringComparer.Ordinal) { [key] = question }, state);

    private static InputRequest Request(string method, JsonObject parameters) => new() { Method = method, Params = JsonSerializer.SerializeToElement(parameters) };
}
