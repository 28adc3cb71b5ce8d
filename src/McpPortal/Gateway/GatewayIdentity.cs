using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Gateway;

/// <summary>As what the portal introduces itself to MCP clients.</summary>
internal static class GatewayIdentity
{
    private static readonly Implementation Portal = new() { Name = "mcpportal", Title = "McpPortal", Version = typeof(GatewayIdentity).Assembly.GetName().Version?.ToString(3) ?? "0" };

    public static McpServerOptions Options(string? instructions, ServerCapabilities capabilities)
    {
        var options = new McpServerOptions { ServerInfo = Portal, ServerInstructions = instructions, ScopeRequests = false, Capabilities = capabilities };

        // Never called; without it the SDK would not say that lists change.
        options.Handlers.SubscriptionsListenHandler = (_, _) => throw new McpProtocolException("Nothing to listen to.", McpErrorCode.MethodNotFound);
        return options;
    }

    /// <summary>What a client is offered where all servers stand in one list.</summary>
    public static ServerCapabilities OfferOfAll() => new()
    {
        Tools = new ToolsCapability { ListChanged = true },
        Prompts = new PromptsCapability { ListChanged = true },
        Resources = new ResourcesCapability { ListChanged = true },
        Completions = new CompletionsCapability(),
    };

    /// <summary>What a client is offered of what a server can do. Tools may always appear: with a credential, say.</summary>
    /// <param name="server">What the server can do, if it was asked.</param>
    public static ServerCapabilities Offer(ServerCapabilities? server) => new()
    {
        Tools = new ToolsCapability { ListChanged = true },
        Prompts = server?.Prompts,
        Resources = server?.Resources,
        Completions = server?.Completions,
        Logging = server?.Logging,
        Experimental = server?.Experimental,
    };
}
