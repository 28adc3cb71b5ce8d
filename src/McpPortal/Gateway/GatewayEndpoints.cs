using System.Text.Json;
using McpPortal.Calls;
using McpPortal.Clients.OAuth;
using McpPortal.StreamableHttp;
using McpPortal.Ui;
using Microsoft.AspNetCore.Authorization;
using ModelContextProtocol.Protocol;

namespace McpPortal.Gateway;

/// <summary>The portal as an MCP server: <c>/mcp</c> for everything that a caller may use, <c>/mcp/{server}</c> for one server, <c>/mcp/set/{toolset}</c> for a chosen set of tools.</summary>
internal static class GatewayEndpoints
{
    public static void MapGateway(this IEndpointRouteBuilder endpoints)
    {
        var all = endpoints.ServiceProvider.GetRequiredService<AllServers>();
        var one = endpoints.ServiceProvider.GetRequiredService<OneServer>();
        var set = endpoints.ServiceProvider.GetRequiredService<OneToolset>();
        var calls = endpoints.ServiceProvider.GetRequiredService<UpstreamCallService>();
        Map(
            "/mcp",
            context => ValueTask.FromResult(all.For(GatewayCaller.Of(context))),
            (context, name) => ListedNames.Split(name) is var (server, tool) ? calls.AnnotatedSchemaAsync(GatewayCaller.Of(context), server, tool, context.RequestAborted) : default);
        Map(
            $"/mcp/{{{McpResource.ServerParameter}}}",
            context => one.ForAsync(GatewayCaller.Of(context), Value(context, McpResource.ServerParameter), context.Features.Get<JsonRpcMessage>(), context.RequestAborted),
            (context, tool) => calls.AnnotatedSchemaAsync(GatewayCaller.Of(context), Value(context, McpResource.ServerParameter), tool, context.RequestAborted));
        Map(
            $"/mcp/{McpResource.SetSegment}{{{McpResource.ToolsetParameter}}}",
            context => set.ForAsync(GatewayCaller.Of(context), Value(context, McpResource.ToolsetParameter), context.RequestAborted),
            (context, tool) => set.AnnotatedSchemaAsync(GatewayCaller.Of(context), Value(context, McpResource.ToolsetParameter), tool, context.RequestAborted));

        void Map(string pattern, Func<HttpContext, ValueTask<McpServing?>> serves, Func<HttpContext, string, ValueTask<JsonElement?>> schema)
        {
            var sessions = endpoints.ServiceProvider.GetRequiredService<GatewaySessions>();
            var standing = endpoints.ServiceProvider.GetRequiredService<StandingNews>();
            var limits = endpoints.ServiceProvider.GetRequiredService<GatewayOptions>();
            var publicUrl = endpoints.ServiceProvider.GetRequiredService<PublicUrl>();
            endpoints.MapMcp(pattern, new McpEndpointOptions
            {
                Serves = serves,
                UserKey = context => GatewaySessions.KeyOf(GatewayCaller.Of(context)),
                FillItems = GatewayCaller.Note,
                ToolSchema = schema,
                Sessions = sessions.Table,
                SessionBegins = sessions.BeginAsync,
                SessionIsOpen = sessions.IsOpenAsync,
                WhileStreaming = standing.TellAsync,
                ReadTimeout = limits.ReadTimeout,
                TakeTimeout = limits.TakeTimeout,
                IsAllowedOrigin = Origins(publicUrl, endpoints.ServiceProvider.GetRequiredService<IHostEnvironment>()),
            }).WithMetadata(McpResource.Instance).RequireAuthorization(new AuthorizationPolicyBuilder(ClientTokenHandler.EitherSchemeName).RequireAuthenticatedUser().Build());
        }
    }

    private static string Value(HttpContext context, string parameter) => (string)context.GetRouteValue(parameter)!;

    /// <summary>In Development the portal is reached under whatever name the machine has.</summary>
    private static Func<HttpContext, bool> Origins(PublicUrl publicUrl, IHostEnvironment environment) =>
        environment.IsDevelopment() ? OriginRules.SameOrigin : OriginRules.Only([publicUrl.Value.Authority], []);
}
