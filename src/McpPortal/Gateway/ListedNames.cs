namespace McpPortal.Gateway;

/// <summary>
/// Names of tools and prompts where all servers stand in one list: <c>server__tool</c>. A server's short name holds no underscore, so the first two
/// of them always end it and no two can meet in one name.
/// </summary>
internal static class ListedNames
{
    private const string Separator = "__";

    public static string Join(string server, string name) => $"{server}{Separator}{name}";

    /// <summary>Null when the name is none of ours.</summary>
    public static (string Server, string Name)? Split(string name) =>
        name.IndexOf(Separator, StringComparison.Ordinal) is > 0 and var at && at + Separator.Length < name.Length ? (name[..at], name[(at + Separator.Length)..]) : null;
}
