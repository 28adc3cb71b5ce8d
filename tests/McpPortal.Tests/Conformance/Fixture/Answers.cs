using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>What the caller answered to the questions of <see cref="Inputs"/>; null when it has not been asked yet.</summary>
internal static class Answers
{
    public static ElicitResult? Form(RequestParams? request, string key) => Read(request, key, InputResponse.ElicitResultJsonTypeInfo);

    public static string? Sample(RequestParams? request, string key) =>
        Read(request, key, InputResponse.CreateMessageResultJsonTypeInfo) is { } message ? string.Concat(message.Content.OfType<TextContentBlock>().Select(block => block.Text)) : null;

    public static IEnumerable<string>? Roots(RequestParams? request, string key) =>
        Read(request, key, InputResponse.ListRootsResultJsonTypeInfo)?.Roots.Select(root => root.Uri);

    /// <summary>One field of a form that was filled in.</summary>
    public static string Field(ElicitResult form, string name) => form.Content?.TryGetValue(name, out var value) is true ? value.ToString() : form.Action;

    public static string Describe(ElicitResult form) => $"action={form.Action}, content={JsonSerializer.Serialize(form.Content, McpJsonUtilities.DefaultOptions)}";

    /// <summary>What the caller can be asked for: named in each request by the newer revision, at the start of the session by the older ones.</summary>
    public static ClientCapabilities Capabilities(RequestContext<CallToolRequestParams> request) =>
        request.JsonRpcRequest.Context?.ClientCapabilities ?? request.Server.ClientCapabilities ?? new ClientCapabilities();

    private static T? Read<T>(RequestParams? request, string key, JsonTypeInfo<T> type)
        where T : class
    {
        if (request?.InputResponses?.TryGetValue(key, out var answer) is not true || answer is null)
        {
            return null;
        }

        try
        {
            return answer.Deserialize(type);
        }
        catch (JsonException e)
        {
            throw new McpProtocolException($"The answer to '{key}' cannot be read.", e, McpErrorCode.InvalidParams);
        }
    }
}
