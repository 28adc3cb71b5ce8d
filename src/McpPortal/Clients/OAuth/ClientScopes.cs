namespace McpPortal.Clients.OAuth;

/// <summary>What an MCP client may ask for.</summary>
internal static class ClientScopes
{
    /// <summary>Listing tools, and calling those that change nothing.</summary>
    public const string Read = "mcp:read";

    /// <summary>Calling every tool.</summary>
    public const string Call = "mcp:call";

    public static IReadOnlyList<string> All { get; } = [Read, Call];

    /// <summary>Null when one of them is unknown; all of them when none is named (RFC 6749 §3.3).</summary>
    public static IReadOnlyList<string>? Parse(string? text)
    {
        var asked = (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return asked.Length == 0 ? All : asked.All(All.Contains) ? [.. All.Where(asked.Contains)] : null;
    }

    public static string Join(IEnumerable<string> scopes) => string.Join(' ', scopes);

    public static string Words(string scope) => scope switch
    {
        Read => "List your tools, and run those that change nothing",
        Call => "Run every tool, also those that change, send or delete something",
        _ => scope,
    };
}
