using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.Oidc;

namespace McpPortal.Sandbox.Faults;

/// <summary>What tests switch and count; exists in the sandbox only.</summary>
internal static class FaultEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var sandbox = routes.MapGroup("/sandbox");
        sandbox.MapGet("/faults", (EndpointDataSource endpoints) => Results.Json(Names(endpoints)));
        sandbox.MapPost("/faults", (Fault fault, FaultSwitches switches, EndpointDataSource endpoints) =>
        {
            if (!Names(endpoints).Contains(fault.Endpoint))
            {
                return Results.Problem($"There is no endpoint '{fault.Endpoint}'; GET /sandbox/faults lists them.", statusCode: StatusCodes.Status400BadRequest);
            }

            switches.Set(fault);
            return Results.NoContent();
        });
        sandbox.MapDelete("/faults", (FaultSwitches switches) =>
        {
            switches.Clear();
            return Results.NoContent();
        });
        sandbox.MapGet("/stats", (SandboxStats stats, TokenStore tokens) => Results.Json(stats.View(tokens.LiveFamilies())));
        sandbox.MapDelete("/stats", (SandboxStats stats) =>
        {
            stats.Clear();
            return Results.NoContent();
        });
        sandbox.MapPost("/expire", (ExpireRequest? request, TokenStore tokens) =>
            Results.Json(new { expired = tokens.Expire(request?.Provider, request?.Account) }));
        sandbox.MapPost("/revoke", (ExpireRequest request, TokenStore tokens) =>
            Results.Json(new { revoked = tokens.RevokeAll(request.Provider ?? "", request.Account ?? "") }));
        sandbox.MapPost("/rotate-keys", (bool? dropOld, SigningKeys keys) =>
        {
            keys.Rotate(dropOld ?? false);
            return Results.NoContent();
        });
        sandbox.MapPost("/sign-out", SignOutAsync);
    }

    /// <summary>Ends every session of one person, as an administrator of the provider would, and tells the clients.</summary>
    private static async Task<IResult> SignOutAsync(SignOutRequest request, SignInSessions sessions, BackChannelLogout logout, CancellationToken cancellationToken)
    {
        List<int> statuses = [];
        foreach (var session in sessions.Of(request.User))
        {
            statuses.AddRange(await logout.EndAsync(session, cancellationToken));
        }

        return Results.Json(new { statuses });
    }

    private static SortedSet<string> Names(EndpointDataSource endpoints) =>
        new(endpoints.Endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<FaultPoint>()?.Name).OfType<string>(), StringComparer.Ordinal);
}
