using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>Reads one JSON-RPC message from a request body, within the endpoint's limits.</summary>
internal sealed class MessageReader(int maxBytes, int maxDepth)
{
    private static readonly JsonTypeInfo<JsonRpcMessage> MessageType =
        (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage));

    public async Task<(JsonRpcMessage? Message, McpFault? Fault)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return (null, TooLarge());
        }

        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > maxBytes)
            {
                reader.AdvanceTo(read.Buffer.End);
                return (null, TooLarge());
            }

            if (read.IsCompleted)
            {
                var result = Parse(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                return result;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private (JsonRpcMessage?, McpFault?) Parse(ReadOnlySequence<byte> body)
    {
        var json = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
        if (JsonScan.Check(json, maxDepth) is { } problem)
        {
            return (null, McpFault.Parse(problem));
        }

        try
        {
            return JsonSerializer.Deserialize(json, MessageType) is { } message
                ? (message, null)
                : (null, McpFault.Invalid("The body is not a JSON-RPC message."));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            // Valid JSON, but no message: a wrong jsonrpc, an id that is neither text nor integer, a batch.
            return (null, McpFault.Invalid("The body is not a single JSON-RPC 2.0 message."));
        }
    }

    private McpFault TooLarge() => new(413, (int)McpErrorCode.InvalidRequest, $"The body is larger than {maxBytes} bytes.");
}
