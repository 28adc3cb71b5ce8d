using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Calls;
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
    public JsonRpcMessage Of(GatewayRequest request, CallOutcome outcome, string server) => outcome switch
    {
        CallOutcome.Succeeded succeeded => Result(request, succeeded.Node ?? Read(succeeded.Json)),
        CallOutcome.ToolFailed { Json: { } json } => Result(request, Read(json)),
        CallOutcome.ToolFailed { ErrorCode: { } code } failed => Error(request, code, failed.Sentence, failed.ErrorData),
        CallOutcome.NotFound missing => Error(request, (int)McpErrorCode.InvalidParams, missing.Sentence),
        _ when request.Method == RequestMethods.ToolsCall => Result(request, Failed(Sentence(request, outcome, server))),
        _ => Error(request, (int)McpErrorCode.InternalError, Sentence(request, outcome, server)),
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

    public string Sentence(GatewayRequest request, CallOutcome outcome, string server) => outcome is CallOutcome.NeedsConnection missing && !request.Caller.IsActing
        ? $"{missing.Sentence} Open {ContinueLink.To(publicUrl, request.Caller.User, server)}"
        : outcome.Explanation ?? "The call failed.";

    private static JsonObject Read(ReadOnlyMemory<byte> json) => JsonNode.Parse(json.Span) as JsonObject ?? [];

    private static JsonObject Failed(string sentence) => new()
    {
        ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = sentence }),
        ["isError"] = true,
    };
}
