namespace McpPortal.Ui;

/// <summary>The one vocabulary for how a connection is, in pages, API, audit and log.</summary>
public enum ConnectionStatus
{
    Connected,
    ExpiresSoon,
    Reconnect,
    ProviderDown,
    Paused,
    NotConnected,
}

/// <summary>How a badge or notice is coloured.</summary>
public enum Tone
{
    Neutral,
    Good,
    Warning,
    Bad,
    Info,
    Outline,
}

/// <summary>Word, icon and colour of each status; a colour never stands alone.</summary>
public static class ConnectionStatusWords
{
    public static string Word(this ConnectionStatus status) => status switch
    {
        ConnectionStatus.Connected => "Connected",
        ConnectionStatus.ExpiresSoon => "Expires soon",
        ConnectionStatus.Reconnect => "Reconnect",
        ConnectionStatus.ProviderDown => "Provider down",
        ConnectionStatus.Paused => "Paused",
        ConnectionStatus.NotConnected => "Not connected",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, message: null),
    };

    public static string Icon(this ConnectionStatus status) => status switch
    {
        ConnectionStatus.Connected => "check_circle",
        ConnectionStatus.ExpiresSoon => "schedule",
        ConnectionStatus.Reconnect => "error",
        ConnectionStatus.ProviderDown => "cloud_off",
        ConnectionStatus.Paused => "pause_circle",
        _ => "radio_button_unchecked",
    };

    public static Tone Tone(this ConnectionStatus status) => status switch
    {
        ConnectionStatus.Connected => Ui.Tone.Good,
        ConnectionStatus.ExpiresSoon => Ui.Tone.Warning,
        ConnectionStatus.Reconnect => Ui.Tone.Bad,
        ConnectionStatus.ProviderDown => Ui.Tone.Neutral,
        ConnectionStatus.Paused => Ui.Tone.Info,
        _ => Ui.Tone.Outline,
    };
}
