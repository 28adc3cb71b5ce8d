using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>What revision 2026-07-28 demands of a request before it is handled: metadata in the body, and headers that agree with it.</summary>
internal static class PerRequestChecks
{
    private static readonly HashSet<string> RemovedMethods = new(StringComparer.Ordinal)
    {
        "initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe",
    };

    public static string? MetaVersion(JsonRpcMessage message) =>
        message is JsonRpcRequest request && Meta(request) is { } meta ? Text(meta[MetaKeys.ProtocolVersion]) : null;

    public static McpFault? Check(JsonRpcMessage message, IHeaderDictionary headers) => message switch
    {
        JsonRpcRequest request => CheckRequest(request, headers),
        JsonRpcNotification notification => CheckMethod(notification.Method, headers, required: false),
        _ => McpFault.Invalid("Only requests and notifications are accepted in this protocol version."),
    };

    private static McpFault? CheckRequest(JsonRpcRequest request, IHeaderDictionary headers)
    {
        if (headers[HeaderNames.ProtocolVersion].Count == 0)
        {
            return McpFault.HeaderMismatch($"The {HeaderNames.ProtocolVersion} header is missing.");
        }

        if (RemovedMethods.Contains(request.Method))
        {
            return McpFault.Removed(request.Method);
        }

        var meta = Meta(request);
        var version = Text(meta?[MetaKeys.ProtocolVersion]);
        if (version is null)
        {
            return McpFault.InvalidParams($"params._meta lacks {MetaKeys.ProtocolVersion}.");
        }

        if (version != headers[HeaderNames.ProtocolVersion].ToString())
        {
            return McpFault.HeaderMismatch($"The {HeaderNames.ProtocolVersion} header differs from params._meta.");
        }

        if (meta![MetaKeys.ClientCapabilities] is not JsonObject)
        {
            return McpFault.InvalidParams($"params._meta lacks {MetaKeys.ClientCapabilities}.");
        }

        return CheckMethod(request.Method, headers, required: true) ?? CheckName(request, headers);
    }

    private static McpFault? CheckMethod(string method, IHeaderDictionary headers, bool required)
    {
        var values = headers[HeaderNames.Method];
        return values.Count == 0 && !required || values.Count == 1 && values[0] == method
            ? null
            : McpFault.HeaderMismatch($"The {HeaderNames.Method} header does not match the method.");
    }

    private static McpFault? CheckName(JsonRpcRequest request, IHeaderDictionary headers)
    {
        var property = request.Method switch
        {
            RequestMethods.ToolsCall or RequestMethods.PromptsGet => "name",
            RequestMethods.ResourcesRead => "uri",
            _ => null,
        };
        if (property is null || Text((request.Params as JsonObject)?[property]) is not { } expected)
        {
            return null;
        }

        var values = headers[HeaderNames.Name];
        return values.Count == 1 && HeaderValue.Decode(values[0]) == expected
            ? null
            : McpFault.HeaderMismatch($"The {HeaderNames.Name} header does not match params.{property}.");
    }

    private static JsonObject? Meta(JsonRpcRequest request) => (request.Params as JsonObject)?["_meta"] as JsonObject;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
