using System.Globalization;
using System.Text.Json;
using McpPortal.Calls;
using McpPortal.Ui;

namespace McpPortal.TestConsole;

/// <summary>One call from the console, while it runs and after it has ended. Lives in one circuit.</summary>
public sealed class ConsoleRun
{
    private readonly TimeProvider _clock;
    private CallProgress? _progress;

    internal ConsoleRun(ToolInfo tool, string server, JsonElement arguments, TimeProvider clock)
    {
        (Tool, Server, _clock) = (tool, server, clock);
        Began = clock.GetUtcNow();
        Request = Untrusted.Pretty(Untrusted.Element(new System.Text.Json.Nodes.JsonObject
        {
            ["method"] = "tools/call",
            ["params"] = new System.Text.Json.Nodes.JsonObject { ["name"] = tool.Name, ["arguments"] = Untrusted.Node(arguments) },
        })) ?? "";
        Log.Add(TimeSpan.Zero, "Sent", $"tools/call {tool.Label} with {Format.Bytes(Untrusted.Size(arguments))} of arguments");
    }

    public ToolInfo Tool { get; }

    /// <summary>The server's name, for people.</summary>
    public string Server { get; }

    /// <summary>Just what the console asked for; credentials are added later and never come back here.</summary>
    public string Request { get; }

    public DateTimeOffset Began { get; }

    public ProtocolLog Log { get; } = new();

    public bool IsRunning => Outcome is null;

    public OutcomeText? Outcome { get; private set; }

    public ToolResult? Result { get; private set; }

    public string? Account { get; private set; }

    public TimeSpan Duration { get; private set; }

    public TimeSpan Upstream { get; private set; }

    public int? ErrorCode { get; private set; }

    public string CallId { get; private set; } = "";

    public bool IsCancelling { get; internal set; }

    public TimeSpan Elapsed => _clock.GetUtcNow() - Began;

    /// <summary>How far it is: the server's own words, or else its count.</summary>
    public string? ProgressWords { get; private set; }

    /// <summary>Share that is done, 0 to 1; null when the server does not know.</summary>
    public double? ProgressShare => _progress is { Total: > 0 and var total, Progress: var done } && double.IsFinite(done / total) ? Math.Clamp(done / total, 0, 1) : null;

    /// <summary>Comes on any thread.</summary>
    internal void Report(CallProgress progress)
    {
        _progress = progress;
        var count = progress.Progress.ToString("0.##", CultureInfo.InvariantCulture) + (progress.Total is { } total ? " of " + total.ToString("0.##", CultureInfo.InvariantCulture) : "");
        var words = string.IsNullOrWhiteSpace(progress.Message) ? null : Untrusted.Visible(progress.Message, 300);
        ProgressWords = words ?? count;
        Log.Add(Elapsed, "Progress", words is null ? count : $"{count}: {words}");
    }

    internal void End(CallOutcome outcome)
    {
        var json = outcome switch
        {
            CallOutcome.Succeeded succeeded => succeeded.Json,
            CallOutcome.ToolFailed { Json: { } failed } => failed,
            _ => (ReadOnlyMemory<byte>?)null,
        };
        Result = json is { } bytes ? ToolResult.From(bytes) : null;
        (Account, Duration, Upstream) = (outcome.Account is { } account ? Untrusted.Visible(account, 200) : null, outcome.Duration, outcome.Upstream);
        ErrorCode = (outcome as CallOutcome.ToolFailed)?.ErrorCode;
        CallId = outcome.Id.Value == Guid.Empty ? "" : outcome.Id.ToString();
        Outcome = OutcomeText.Of(outcome);
        Log.Add(Elapsed, "Ended", Result is null ? Outcome.Word : $"{Outcome.Word}, {Format.Bytes(Result.Bytes)}", last: true);
    }
}
