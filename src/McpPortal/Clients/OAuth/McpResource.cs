namespace McpPortal.Clients.OAuth;

/// <summary>Marks an endpoint that takes tokens of MCP clients: <c>/mcp</c>, or <c>/mcp/{server}</c>.</summary>
internal sealed class McpResource
{
    public const string ServerParameter = "server";

    public static McpResource Instance { get; } = new();

    public static bool IsAsked(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<McpResource>() is not null;

    /// <summary>Short name of the server whose endpoint is asked; null for all of them.</summary>
    public static string? ServerOf(HttpContext context) => context.GetRouteValue(ServerParameter) as string;
}
