namespace McpPortal.Connections;

/// <summary>Keeps people on the portal after a connect: no open redirector.</summary>
internal static class ReturnPaths
{
    public const string Default = "/connections";

    /// <summary>The path if it is one of this portal, otherwise the connections page.</summary>
    public static string Local(string? path) =>
        path is { Length: > 0 and <= 1000 }
        && path[0] == '/'
        && (path.Length == 1 || path[1] != '/')
        && !path.Contains('\\', StringComparison.Ordinal) // browsers read it as a slash
        && !path.Any(char.IsControl)
            ? path
            : Default;
}
