using McpPortal.Calls;
using McpPortal.Ui;

namespace McpPortal.TestConsole;

/// <summary>How a call or a listing ended, in the words of a page: one sentence and at most one button.</summary>
public sealed record OutcomeText(string Kind, string Word, Tone Tone, string Icon, string? Sentence = null, string? Path = null)
{
    /// <summary>The verb of the button that leads to <see cref="Path"/>.</summary>
    public string Action => Path switch
    {
        null => "",
        _ when Path.StartsWith("/connect/", StringComparison.Ordinal) => "Connect the account",
        _ when Path.StartsWith("/secrets", StringComparison.Ordinal) => "Set the secret",
        _ when Path.StartsWith("/servers", StringComparison.Ordinal) => "Open the server's page",
        _ => "Open the page that does it",
    };

    internal static OutcomeText Of(CallOutcome outcome)
    {
        var text = outcome switch
        {
            CallOutcome.Succeeded => new OutcomeText("succeeded", "Succeeded", Tone.Good, "check_circle"),
            CallOutcome.ToolFailed => new("tool-failed", "The tool reported an error", Tone.Warning, "error"),
            CallOutcome.NeedsConnection missing => new("needs-connection", "Something is needed first", Tone.Info, "link", Path: missing.Path),
            CallOutcome.Refused { Busy: true } => new("busy", "Not now", Tone.Neutral, "hourglass_empty"),
            CallOutcome.Refused => new("refused", "Not called", Tone.Warning, "block"),
            CallOutcome.TimedOut => new("timed-out", "No answer in time", Tone.Warning, "schedule"),
            CallOutcome.Unreachable => new("unreachable", "Server not reached", Tone.Bad, "cloud_off"),
            CallOutcome.Cancelled => new("cancelled", "Cancelled", Tone.Neutral, "cancel"),
            CallOutcome.NotFound => new("not-found", "Not found", Tone.Neutral, "search_off"),
            _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
        };
        // The sentence may quote the server.
        return text with { Sentence = outcome.Explanation is { } sentence ? Untrusted.Visible(sentence, 2_000) : null };
    }
}
