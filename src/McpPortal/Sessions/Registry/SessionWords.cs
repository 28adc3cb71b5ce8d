using McpPortal.Data;
using McpPortal.Ui;

namespace McpPortal.Sessions.Registry;

/// <summary>The words of pages for how a session is and why it is over.</summary>
internal static class SessionWords
{
    public static string Icon(this SessionState state) => state switch
    {
        SessionState.Active => "check_circle",
        SessionState.Idle => "schedule",
        _ => "block",
    };

    public static Tone Tone(this SessionState state) => state switch
    {
        SessionState.Active => Ui.Tone.Good,
        SessionState.Idle => Ui.Tone.Neutral,
        _ => Ui.Tone.Outline,
    };

    /// <summary>In a sentence after "Ended".</summary>
    public static string Words(this SessionEnd end) => end switch
    {
        SessionEnd.Client => "by its client",
        SessionEnd.Idle => "because nobody used it",
        SessionEnd.MadeRoom => "to make room for a newer one",
        SessionEnd.Owner => "by its owner",
        SessionEnd.Admin => "by an administrator",
        SessionEnd.AccessChanged => "because keys, authorised clients or the account changed",
        SessionEnd.OutOfTouch => "because its node heard nothing from the others",
        SessionEnd.NodeStopped => "because the portal was stopped",
        SessionEnd.NodeGone => "because its node is gone",
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, message: null),
    };
}
