using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>Tools that tell their caller something before they answer.</summary>
internal static class ReportingTools
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static IEnumerable<McpServerTool> All { get; } =
    [
        new FixtureTool("test_tool_with_logging", "Writes three lines to the caller's log", LogAsync),
        new FixtureTool("test_logging_tool", "Writes to the log of a caller that asked for it", LogAsync),
        new FixtureTool("test_tool_with_progress", "Reports its progress", ProgressAsync),
        new FixtureTool("test_reconnection", "Closes its stream and answers when the caller is back", ReconnectAsync),
    ];

    private static async ValueTask<CallToolResult> LogAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        await SayAsync("Tool execution started");
        await Task.Delay(Pause, cancellationToken);
        await SayAsync("Tool processing data");
        await Task.Delay(Pause, cancellationToken);
        await SayAsync("Tool execution completed");
        return FixtureTool.Text("Three lines were written to the log of whoever wants one.");

        async Task SayAsync(string text)
        {
            // The newer revision names the level in each request, the older ones once for the session; without one nobody listens.
            var level = request.JsonRpcRequest.Context?.LogLevel ?? request.Server.LoggingLevel;
            if (level <= LoggingLevel.Info)
            {
                var line = new LoggingMessageNotificationParams { Level = LoggingLevel.Info, Logger = "fixture", Data = JsonSerializer.SerializeToElement(text) };
                await request.Server.SendNotificationAsync(NotificationMethods.LoggingMessageNotification, line, cancellationToken: cancellationToken);
            }
        }
    }

    private static async ValueTask<CallToolResult> ProgressAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        foreach (var percent in (int[])[0, 50, 100])
        {
            if (request.Params?.ProgressToken is { } token)
            {
                await request.Server.NotifyProgressAsync(token, new ProgressNotificationValue { Progress = percent, Total = 100 }, cancellationToken: cancellationToken);
            }

            await Task.Delay(Pause, cancellationToken);
        }

        return FixtureTool.Text("All of it is done.");
    }

    private static async ValueTask<CallToolResult> ReconnectAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        // Only a session has something to come back to. The answer follows at once: who comes back gets what is there by then, and no more.
        if (request.Server.SessionId is not null)
        {
            await request.EnablePollingAsync(TimeSpan.FromMilliseconds(500), cancellationToken);
        }

        return FixtureTool.Text("The answer came after the stream had been closed.");
    }
}
