namespace McpPortal.Gateway;

/// <summary>
/// Names of tools where all servers stand in one list: <c>server__tool</c>. A server's short name holds no underscore, so the first two of
/// them always end it and no two tools can meet in one name.
/// </summary>
internal static class ToolNames
{
    private const string Separator = "__";

    public static string Join(string server, string tool) => $"{server}{Separator}{tool}";

    /// <summary>Null when the name is none of ours.</summary>
    public static (string Server, string Tool)? Split(string name) =>
        name.IndexOf(Separator, StringComparison.Ordinal) is > 0 and var at && at + Separator.Length < name.Length ? (name[..at], name[(at + Separator.Length)..]) : null;
}
