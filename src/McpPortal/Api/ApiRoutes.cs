using McpPortal.Clients.ActAs;
using Microsoft.AspNetCore.Authorization;

namespace McpPortal.Api;

/// <summary>The group that every REST endpoint is mapped onto: access keys, service keys where tools are called, ProblemDetails for errors, in the OpenAPI document.</summary>
internal static class ApiRoutes
{
    public const string Document = "v1";

    public static RouteGroupBuilder MapApi(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        return endpoints.MapGroup("")
            .RequireAuthorization(new AuthorizationPolicyBuilder(ServiceKeyHandler.RestSchemeName).RequireAuthenticatedUser().Build())
            .DisableAntiforgery()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }
}
