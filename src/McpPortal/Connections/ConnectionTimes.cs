using McpPortal.Data;

namespace McpPortal.Connections;

internal static class ConnectionTimes
{
    /// <summary>Whether the access token is so close to its end that it should be renewed.</summary>
    public static bool IsDue(this Connection row, DateTimeOffset now) =>
        row.ExpiresAt is { } end && now >= end - TokenTimes.Margin(row.LastRefreshAt ?? row.ConnectedAt, end);
}
