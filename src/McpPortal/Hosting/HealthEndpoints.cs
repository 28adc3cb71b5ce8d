using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Vault;

namespace McpPortal.Hosting;

/// <summary><c>/healthz</c>: the process lives. <c>/readyz</c>: database and vault can be used. Neither tells more to strangers.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok")).AllowAnonymous();
        endpoints.MapGet("/readyz", ReadyAsync).AllowAnonymous();
    }

    private static async Task<IResult> ReadyAsync(PortalDatabase database, VaultState vault, SingleUserStart start, CancellationToken cancellationToken)
    {
        if (vault.IsSealed)
        {
            return Results.Text("sealed", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(2));
        return !await database.AnswersAsync(deadline.Token) ? Results.Text("database", statusCode: StatusCodes.Status503ServiceUnavailable)
            : start.IsDone ? Results.Text("ready")
            : Results.Text("starting", statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
