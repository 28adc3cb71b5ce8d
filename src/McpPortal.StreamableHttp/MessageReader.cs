using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.StreamableHttp;

/// <summary>Reads one JSON-RPC message from a request body, within the endpoint's limits.</summary>
internal sealed class MessageReader(int maxBytes, int maxDepth, TimeSpan timeout, TimeProvider time)
{
    public async Task<(JsonRpcMessage? Message, McpFault? Fault)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return (null, TooLarge());
        }

        var reader = request.BodyReader;
        ITimer? patience = null;
        try
        {
            return await ReadAsync(reader, () => patience ??= time.CreateTimer(static r => ((PipeReader)r!).CancelPendingRead(), reader, timeout, Timeout.InfiniteTimeSpan), cancellationToken);
        }
        finally
        {
            if (patience is not null)
            {
                await patience.DisposeAsync();
            }
        }
    }

    /// <param name="reader">The body.</param>
    /// <param name="wait">Called before waiting: a limit on the rate, as the server has, lets a caller be slow for hours.</param>
    /// <param name="cancellationToken">The caller left.</param>
    private async Task<(JsonRpcMessage? Message, McpFault? Fault)> ReadAsync(PipeReader reader, Action wait, CancellationToken cancellationToken)
    {
        while (true)
        {
            var reading = reader.ReadAsync(cancellationToken);
            if (!reading.IsCompleted)
            {
                wait();
            }

            var read = await reading;
            if (read.IsCanceled)
            {
                reader.AdvanceTo(read.Buffer.End);
                return (null, new McpFault(408, (int)McpErrorCode.InvalidRequest, string.Create(CultureInfo.InvariantCulture, $"The body did not arrive within {timeout.TotalSeconds:0} seconds.")));
            }

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
            return JsonSerializer.Deserialize(json, MessageJson.Type) is { } message
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
