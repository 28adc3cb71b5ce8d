using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>Addresses of the connect pages, for links and redirects.</summary>
internal static class ConnectPaths
{
    public static string Connect(string provider, string? server = null) =>
        server is null ? $"/connect/{provider}" : $"/connect/{provider}?server={Uri.EscapeDataString(server)}";

    public static string Reconnect(string provider, ConnectionId connection, string? server = null) =>
        $"/connect/{provider}?reconnect={connection}" + (server is null ? "" : $"&server={Uri.EscapeDataString(server)}");

    /// <summary>Where the owner agrees to a server's new destination.</summary>
    public static string Confirm(string server) => $"/connections/confirm/{Uri.EscapeDataString(server)}";

    /// <summary>Where a person decides between the account they had and the one they came back with.</summary>
    public static string OtherAccount(ConnectionId wanted, ConnectionId got) => $"/connections/other/{wanted}/{got}";
}
