using Microsoft.AspNetCore.Mvc;

namespace McpPortal.Clients.OAuth;

/// <summary>The portal as OAuth 2.1 authorization server of MCP clients: what it is, and the doors that its parts map.</summary>
internal static class OAuthEndpoints
{
    public static void MapOAuth(this WebApplication app)
    {
        var address = app.Services.GetRequiredService<PortalAddress>();
        var registration = app.Services.GetRequiredService<ClientsOptions>().Registration;
        app.MapAuthorize();

        // Programs come here without having signed in, and no document of the REST interface lists it.
        var open = app.MapGroup("").AllowAnonymous().DisableAntiforgery().ExcludeFromDescription().WithMetadata(new RequestSizeLimitAttribute(OAuthAnswers.MaxBody));
        open.MapGet(ServerMetadata.WellKnown, (HttpContext context) => Results.Json(new ServerMetadata(address.Issuer(context), registration)));
        open.MapGet(ProtectedResource.WellKnown, (HttpContext context) => Describe(context, null));
        open.MapGet($"{ProtectedResource.WellKnown}/mcp", (HttpContext context) => Describe(context, null));
        open.MapGet($"{ProtectedResource.WellKnown}/mcp/{{{McpResource.ServerParameter}}}", DescribeNamed);
        open.MapGet($"{ProtectedResource.WellKnown}/mcp/{McpResource.SetSegment}{{{McpResource.ToolsetParameter}}}", DescribeNamed);
        open.MapTokens();
        if (registration)
        {
            open.MapRegistration();
        }

        IResult Describe(HttpContext context, string? name) => Results.Json(new ProtectedResource(address.Resource(context, name), [address.Issuer(context)]));

        IResult DescribeNamed(HttpContext context) => McpResource.NameOf(context) is { } name && McpResource.IsName(name) ? Describe(context, name) : Results.NotFound();
    }
}
