using System.Text.Json.Nodes;
using ModelContextProtocol;

namespace McpPortal.StreamableHttp;

/// <summary>A refusal: the HTTP status and the JSON-RPC error that goes with it.</summary>
internal sealed record McpFault(int Status, int Code, string Message, JsonNode? ErrorData = null)
{
    private const int SessionNotFoundCode = -32001;

    public static McpFault SessionNotFound { get; } = new(404, SessionNotFoundCode, "Session not found");

    public static McpFault Invalid(string message) => new(400, (int)McpErrorCode.InvalidRequest, message);

    public static McpFault InvalidParams(string message) => new(400, (int)McpErrorCode.InvalidParams, message);

    public static McpFault Parse(string message) => new(400, (int)McpErrorCode.ParseError, message);

    public static McpFault HeaderMismatch(string message) => new(400, (int)McpErrorCode.HeaderMismatch, message);

    public static McpFault UnsupportedVersion(string requested, string[] supported) => new(
        400,
        (int)McpErrorCode.UnsupportedProtocolVersion,
        "Unsupported protocol version",
        new JsonObject { ["supported"] = new JsonArray([.. supported.Select(v => (JsonNode)v)]), ["requested"] = requested });

    public static McpFault Removed(string method) => new(404, (int)McpErrorCode.MethodNotFound, $"Method '{method}' is not available in this protocol version.");
}
