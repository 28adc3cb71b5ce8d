using McpPortal.Data;
using McpPortal.Ui;

namespace McpPortal.Calls;

/// <summary>Word, icon and colour of each way a call can end.</summary>
public static class CallResultWords
{
    public static IReadOnlyList<CallResult> All { get; } = Enum.GetValues<CallResult>();

    public static string Word(this CallResult result) => result switch
    {
        CallResult.Succeeded => "Succeeded",
        CallResult.ToolFailed => "Tool failed",
        CallResult.NeedsConnection => "Needs connection",
        CallResult.Refused => "Refused",
        CallResult.TimedOut => "Timed out",
        CallResult.Unreachable => "Unreachable",
        CallResult.Cancelled => "Cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(result), result, message: null),
    };

    public static string Icon(this CallResult result) => result switch
    {
        CallResult.Succeeded => "check_circle",
        CallResult.ToolFailed => "error",
        CallResult.NeedsConnection => "link_off",
        CallResult.Refused => "block",
        CallResult.TimedOut => "timer_off",
        CallResult.Unreachable => "cloud_off",
        _ => "cancel",
    };

    public static Tone Tone(this CallResult result) => result switch
    {
        CallResult.Succeeded => Ui.Tone.Good,
        CallResult.ToolFailed or CallResult.TimedOut => Ui.Tone.Warning,
        CallResult.NeedsConnection or CallResult.Refused => Ui.Tone.Bad,
        CallResult.Unreachable => Ui.Tone.Neutral,
        _ => Ui.Tone.Outline,
    };

    public static string Word(this CallVia via) => via switch
    {
        CallVia.Console => "Console",
        CallVia.Rest => "REST",
        CallVia.Gateway => "MCP client",
        CallVia.Monitor => "Monitor",
        _ => throw new ArgumentOutOfRangeException(nameof(via), via, message: null),
    };
}
