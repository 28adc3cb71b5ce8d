namespace McpPortal.Clients.OAuth;

/// <summary>Marks an endpoint that takes tokens of MCP clients: <c>/mcp</c>, <c>/mcp/{server}</c>, or <c>/mcp/set/{toolset}</c>.</summary>
internal sealed class McpResource
{
    public const string ServerParameter = "server";
    public const string ToolsetParameter = "toolset";

    /// <summary>Before the name of a toolset; no server is called so.</summary>
    public const string SetSegment = "set/";

    public static McpResource Instance { get; } = new();

    public static bool IsAsked(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<McpResource>() is not null;

    /// <summary>What follows <c>/mcp/</c> in the address of the endpoint that is asked, a server or <c>set/</c> and a toolset; null for all servers.</summary>
    public static string? NameOf(HttpContext context) =>
        context.GetRouteValue(ToolsetParameter) is string toolset ? OfToolset(toolset) : context.GetRouteValue(ServerParameter) as string;

    public static string OfToolset(string toolset) => SetSegment + toolset;

    /// <summary>The toolset that a resource is, by its name; null when it is something else.</summary>
    public static string? ToolsetIn(string? resource) => resource?.StartsWith(SetSegment, StringComparison.Ordinal) == true ? resource[SetSegment.Length..] : null;

    /// <summary>Whether a resource could have this name; which ones there are is nobody's business here.</summary>
    public static bool IsName(string resource) =>
        (ToolsetIn(resource) ?? resource) is { Length: > 0 and <= 64 } name && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
