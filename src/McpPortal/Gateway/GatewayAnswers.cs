using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using McpPortal.Calls;
using McpPortal.Ui;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>Says in MCP how a call ended.</summary>
internal sealed class GatewayAnswers(PublicUrl publicUrl)
{
    private static readonly JsonTypeInfo<CallToolResult> ResultType = Type<CallToolResult>();
    private static readonly JsonTypeInfo<Tool> ToolType = Type<Tool>();

    /// <exception cref="McpProtocolException">The server answered with a JSON-RPC error, or there is no such tool.</exception>
    public CallToolResult Translate(CallOutcome outcome) => outcome switch
    {
        CallOutcome.Succeeded succeeded => JsonSerializer.Deserialize(succeeded.Json.Span, ResultType)!,
        CallOutcome.ToolFailed { Json: { } json } => JsonSerializer.Deserialize(json.Span, ResultType)!,
        CallOutcome.ToolFailed { ErrorCode: { } code } failed => throw new McpProtocolException(failed.Sentence, (McpErrorCode)code),
        CallOutcome.NotFound missing => throw NoSuchTool(missing.Sentence),
        CallOutcome.NeedsConnection missing => Failed($"{missing.Sentence} Open {publicUrl.Absolute(missing.Path)}"),
        _ => Failed(outcome.Explanation ?? "The call failed."),
    };

    public static McpProtocolException NoSuchTool(string sentence) => new(sentence, McpErrorCode.InvalidParams);

    /// <summary>A definition as the server sent it, under another name where one is given.</summary>
    public static Tool Definition(JsonObject tool, string? name = null)
    {
        var definition = tool.Deserialize(ToolType)!;
        definition.Name = name ?? definition.Name;
        return definition;
    }

    private static CallToolResult Failed(string sentence) => new() { IsError = true, Content = [new TextContentBlock { Text = sentence }] };

    private static JsonTypeInfo<T> Type<T>() => (JsonTypeInfo<T>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(T));
}
