using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions;

/// <summary>What a server answered, as it said it: a result, which may be a question of its own (<c>input_required</c>), or a JSON-RPC error.</summary>
internal sealed record UpstreamAnswer(JsonNode? Result, JsonRpcErrorDetail? Error)
{
    private const string RemotePrefix = "Request failed (remote): ";

    /// <summary>The server wants to know something before it goes on (2026-07-28).</summary>
    public bool IsQuestion => Result is JsonObject result && result["resultType"] is JsonValue type && type.TryGetValue<string>(out var text) && text == "input_required";

    /// <summary>An error that came with an HTTP status of its own, which the client throws instead of delivering it.</summary>
    public static UpstreamAnswer Of(McpProtocolException refusal) => new(null, new JsonRpcErrorDetail
    {
        Code = (int)refusal.ErrorCode,
        Message = refusal.Message.StartsWith(RemotePrefix, StringComparison.Ordinal) ? refusal.Message[RemotePrefix.Length..] : refusal.Message,
        Data = refusal is MissingRequiredClientCapabilityException missing ? new Dictionary<string, object?>(StringComparer.Ordinal) { ["requiredCapabilities"] = missing.RequiredCapabilities } : null,
    });
}
