using Stored = McpPortal.Data.ConnectionStatus;
using Shown = McpPortal.Ui.ConnectionStatus;

namespace McpPortal.Connections;

/// <summary>Which of the portal's status words a connection has now.</summary>
internal static class ShownStatus
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    public static Shown StatusAt(this ConnectionSummary connection, DateTimeOffset now) => connection switch
    {
        { Status: Stored.ReauthRequired } => Shown.Reconnect,
        { Status: Stored.Revoking } => Shown.NotConnected,
        { ProviderDown: true } => Shown.ProviderDown,
        { GrantExpiresAt: { } end } when end - now < Soon => Shown.ExpiresSoon,
        _ => Shown.Connected,
    };
}
