using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.StreamableHttp;

/// <summary>Resumes a broken stream of an older revision after the event the client saw last.</summary>
internal static class SseReplay
{
    public static async Task RunAsync(HttpContext context, ISseEventStreamStore store, TimeSpan takeTimeout, string sessionId, string lastEventId, CancellationToken cancellationToken)
    {
        var reader = await store.GetStreamReaderAsync(lastEventId, cancellationToken);
        if (reader is null || reader.SessionId != sessionId)
        {
            // An event id of another session must look like one that never was.
            await FaultWriter.WriteAsync(context, new McpFault(404, (int)McpErrorCode.InvalidRequest, "There is no such event."));
            return;
        }

        var body = new ResponseBody(context, takeTimeout);
        body.AnnounceEvents();
        try
        {
            await foreach (var item in reader.ReadEventsAsync(cancellationToken))
            {
                var text = new StringBuilder();
                text.Append(CultureInfo.InvariantCulture, $"event: {item.EventType}\n");
                if (item.EventId is { } id)
                {
                    text.Append(CultureInfo.InvariantCulture, $"id: {id}\n");
                }

                if (item.ReconnectionInterval is { } retry)
                {
                    text.Append(CultureInfo.InvariantCulture, $"retry: {(long)retry.TotalMilliseconds}\n");
                }

                var data = item.Data is { } message ? JsonSerializer.Serialize<JsonRpcMessage>(message, McpJsonUtilities.DefaultOptions) : "";
                text.Append(CultureInfo.InvariantCulture, $"data: {data}\n\n");
                await body.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancellationToken);
                await body.FlushAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The caller left, the session ended, or the node is stopping.
        }
    }
}
