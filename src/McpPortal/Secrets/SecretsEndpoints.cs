using McpPortal.Accounts;
using McpPortal.Api;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Clients.ActAs;
using McpPortal.Data;
using McpPortal.Servers;
using Microsoft.AspNetCore.Mvc;

namespace McpPortal.Secrets;

/// <summary><c>POST /secrets/set</c> and <c>/secrets/delete</c>: a program changes the secrets of its key's owner. There is no way to read one.</summary>
internal static class SecretsEndpoints
{
    private const int MaxBody = 128 * 1024;
    private const string NoServer = "There is no such server, or it asks for no such secret.";

    /// <summary>The body of <c>/secrets/set</c>.</summary>
    /// <param name="Username">Leave out, or name yourself; anybody else is 404.</param>
    /// <param name="ServerName">The server's short name.</param>
    /// <param name="SecretName">Name of the secret, as the server's page lists it.</param>
    /// <param name="SecretValue">The value. It is never returned.</param>
    internal sealed record SetRequest(string? Username, string? ServerName, string? SecretName, string? SecretValue)
    {
        public override string ToString() => $"{ServerName}/{SecretName} = ***";
    }

    /// <summary>The body of <c>/secrets/delete</c>.</summary>
    /// <param name="Username">Leave out, or name yourself; anybody else is 404.</param>
    /// <param name="ServerName">The server's short name.</param>
    /// <param name="SecretName">Name of the secret.</param>
    internal sealed record DeleteRequest(string? Username, string? ServerName, string? SecretName);

    /// <summary>What was done.</summary>
    internal sealed record Answer(string ServerName, string SecretName, string Status);

    public static void MapSecrets(this RouteGroupBuilder api)
    {
        api.MapPost("/secrets/set", SetAsync).WithSummary("Set or replace a secret of yours.").WithMetadata(new RequestSizeLimitAttribute(MaxBody))
            .Produces<Answer>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status409Conflict);
        api.MapPost("/secrets/delete", DeleteAsync).WithSummary("Delete a secret of yours.").WithMetadata(new RequestSizeLimitAttribute(MaxBody))
            .Produces<Answer>().ProducesProblem(StatusCodes.Status403Forbidden);
    }

    private static async Task<IResult> SetAsync([FromBody] SetRequest request, HttpContext context, ApiUser users, IdleOwners idle, ServerCatalog catalog, SecretStore secrets, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.ServerName) || string.IsNullOrEmpty(request.SecretName) || request.SecretValue is null)
        {
            return ApiProblem.BadRequest("Send serverName, secretName and secretValue.");
        }

        var (user, server, problem) = await FindAsync(context, users, idle, catalog, request.Username, request.ServerName, cancellationToken);
        if (server is null)
        {
            return problem!;
        }

        if (server.Need(request.SecretName) is not { Source: CredentialSource.Secret })
        {
            return ApiProblem.NotFound(NoServer);
        }

        return await secrets.SetAsync(user, server, request.SecretName, request.SecretValue, Actor.Rest(user), cancellationToken) switch
        {
            SecretEditResult.Saved saved => Results.Ok(new Answer(server.Slug, request.SecretName, saved.Replaced ? "replaced" : "set")),
            SecretEditResult.Refused refused => ApiProblem.BadRequest(refused.Sentence),
            _ => Results.Problem(statusCode: StatusCodes.Status409Conflict, title: "Changed meanwhile", detail: "The secret is being changed by somebody else at this moment. Try again."),
        };
    }

    private static async Task<IResult> DeleteAsync([FromBody] DeleteRequest request, HttpContext context, ApiUser users, IdleOwners idle, ServerCatalog catalog, SecretStore secrets, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.ServerName) || string.IsNullOrEmpty(request.SecretName))
        {
            return ApiProblem.BadRequest("Send serverName and secretName.");
        }

        var (user, server, problem) = await FindAsync(context, users, idle, catalog, request.Username, request.ServerName, cancellationToken);
        if (server is null)
        {
            return problem!;
        }

        return await secrets.DeleteAsync(user, server, request.SecretName, Actor.Rest(user), cancellationToken)
            ? Results.Ok(new Answer(server.Slug, request.SecretName, "deleted"))
            : ApiProblem.NotFound("You have set no such secret.");
    }

    private static async Task<(UserId User, ServerSnapshot? Server, IResult? Problem)> FindAsync(
        HttpContext context, ApiUser users, IdleOwners idle, ServerCatalog catalog, string? username, string serverName, CancellationToken cancellationToken)
    {
        if (await users.ResolveAsync(context, username, cancellationToken) is not { } user)
        {
            return (default, null, ApiProblem.NotFound(ServiceKeyHandler.NoSuchUser));
        }

        var key = KeyHolder.Of(context);
        if (await idle.PausedAsync(user, cancellationToken) is { } paused)
        {
            return (user, null, Results.Problem(statusCode: StatusCodes.Status403Forbidden, title: "Refused", detail: paused));
        }

        if (key.ReadOnly)
        {
            return (user, null, Results.Problem(statusCode: StatusCodes.Status403Forbidden, title: "Refused", detail: "This access key is read-only and changes no secrets."));
        }

        return await catalog.FindAsync(user, serverName, cancellationToken) is { } server && key.Reaches(server.Id)
            ? (user, server, null)
            : (user, null, ApiProblem.NotFound(NoServer));
    }
}
