using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>Writes errors as application/json: clients read no error out of an event stream that comes with a 4xx status.</summary>
internal static class FaultWriter
{
    public static async Task WriteAsync(HttpContext context, McpFault fault, RequestId id = default)
    {
        var error = new JsonObject { ["code"] = fault.Code, ["message"] = fault.Message };
        if (fault.ErrorData is { } data)
        {
            error["data"] = data.DeepClone();
        }

        JsonNode? jsonId = id.Id switch
        {
            string text => text,
            long number => number,
            _ => null,
        };
        var body = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = jsonId, ["error"] = error };

        var response = context.Response;
        response.StatusCode = fault.Status;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        await response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
