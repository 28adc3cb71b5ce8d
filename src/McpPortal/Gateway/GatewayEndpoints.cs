using McpPortal.Calls;
using McpPortal.Clients.OAuth;
using McpPortal.StreamableHttp;
using McpPortal.Ui;
using Microsoft.AspNetCore.Authorization;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Gateway;

/// <summary>The portal as an MCP server: <c>/mcp</c> for everything that a caller may use, <c>/mcp/{server}</c> for one server.</summary>
internal static class GatewayEndpoints
{
    public static void MapGateway(this IEndpointRouteBuilder endpoints)
    {
        var all = endpoints.ServiceProvider.GetRequiredService<AllServers>();
        var one = endpoints.ServiceProvider.GetRequiredService<OneServer>();
        var calls = endpoints.ServiceProvider.GetRequiredService<UpstreamCallService>();
        Map("/mcp", _ => ValueTask.FromResult<McpServerOptions?>(all.Options()), (_, name) => ToolNames.Split(name));
        Map($"/mcp/{{{McpResource.ServerParameter}}}", context => one.OptionsAsync(GatewayCaller.Of(context), ServerIn(context), context.Features.Get<JsonRpcMessage>(), context.RequestAborted), (context, name) => (ServerIn(context), name));

        void Map(string pattern, Func<HttpContext, ValueTask<McpServerOptions?>> options, Func<HttpContext, string, (string Server, string Tool)?> find)
        {
            var sessions = endpoints.ServiceProvider.GetRequiredService<GatewaySessions>();
            var publicUrl = endpoints.ServiceProvider.GetRequiredService<PublicUrl>();
            endpoints.MapMcp(pattern, new McpEndpointOptions
            {
                ServerOptions = options,
                UserKey = context => GatewaySessions.KeyOf(GatewayCaller.Of(context)),
                FillItems = GatewayCaller.Note,
                ToolSchema = (context, name) => find(context, name) is var (server, tool) ? calls.AnnotatedSchemaAsync(GatewayCaller.Of(context), server, tool, context.RequestAborted) : default,
                Sessions = sessions.Table,
                IsAllowedOrigin = Origins(publicUrl, endpoints.ServiceProvider.GetRequiredService<IHostEnvironment>()),
            }).WithMetadata(McpResource.Instance).RequireAuthorization(new AuthorizationPolicyBuilder(ClientTokenHandler.EitherSchemeName).RequireAuthenticatedUser().Build());
        }
    }

    private static string ServerIn(HttpContext context) => (string)context.GetRouteValue(McpResource.ServerParameter)!;

    /// <summary>In Development the portal is reached under whatever name the machine has.</summary>
    private static Func<HttpContext, bool> Origins(PublicUrl publicUrl, IHostEnvironment environment) =>
        environment.IsDevelopment() ? OriginRules.SameOrigin : OriginRules.Only([publicUrl.Value.Authority], []);
}
