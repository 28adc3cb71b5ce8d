using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Ui;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>Says in MCP how a request ended, in the words of the revision that the client speaks.</summary>
internal sealed class GatewayAnswers(PublicUrl publicUrl)
{
    /// <summary>Results that the newest revision lets clients keep for a while. What one user sees is never for others.</summary>
    private static readonly string[] Cacheable =
        [RequestMethods.ToolsList, RequestMethods.PromptsList, RequestMethods.ResourcesList, RequestMethods.ResourcesTemplatesList, RequestMethods.ResourcesRead];

    /// <param name="request">What was asked.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="server">Short name of the server that was asked.</param>
    public JsonRpcMessageWithId Of(GatewayRequest request, CallOutcome outcome, string server) => outcome switch
    {
        CallOutcome.Succeeded succeeded => Result(request, succeeded.Node ?? Read(succeeded.Json)),
        CallOutcome.ToolFailed { Json: { } json } => Result(request, Read(json)),
        CallOutcome.ToolFailed { ErrorCode: { } code } failed => Error(request, code, failed.Sentence, failed.ErrorData),
        CallOutcome.NotFound missing => Error(request, (int)McpErrorCode.InvalidParams, missing.Sentence),
        _ when request.Method == RequestMethods.ToolsCall => ToolError(request, Sentence(request.Caller, outcome, server)),
        _ => Error(request, (int)McpErrorCode.InternalError, Sentence(request.Caller, outcome, server)),
    };

    public static JsonRpcError Error(GatewayRequest request, int code, string sentence, JsonNode? data = null) => new()
    {
        Id = request.Id,
        Error = new JsonRpcErrorDetail { Code = code, Message = sentence, Data = data },
    };

    public static JsonRpcResponse Result(GatewayRequest request, JsonObject result)
    {
        if (!request.IsPerRequest)
        {
            result.Remove("resultType");
            return new JsonRpcResponse { Id = request.Id, Result = result };
        }

        result.TryAdd("resultType", "complete");
        if (Cacheable.Contains(request.Method))
        {
            result.TryAdd("ttlMs", 0);
            result["cacheScope"] = "private";
        }

        return new JsonRpcResponse { Id = request.Id, Result = result };
    }

    /// <summary>The result of a tool that could not do it, which a model reads as it reads any other.</summary>
    public static JsonRpcResponse ToolError(GatewayRequest request, string sentence) => Result(request, new JsonObject { ["content"] = Text(sentence), ["isError"] = true });

    /// <summary>A text as the content of a tool's result.</summary>
    public static JsonArray Text(string text) => new(new JsonObject { ["type"] = "text", ["text"] = text });

    /// <summary>How a call ended. A link to connect is for the person alone, not for a program that acts for them.</summary>
    public string Sentence(Caller caller, CallOutcome outcome, string server) => outcome is CallOutcome.NeedsConnection missing && !caller.IsActing
        ? $"{missing.Sentence} Open {ContinueLink.To(publicUrl, caller.User, server)}"
        : outcome.Explanation ?? "The call failed.";

    private static JsonObject Read(ReadOnlyMemory<byte> json) => JsonNode.Parse(json.Span) as JsonObject ?? [];
}
