using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Toolsets;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Primitives;

namespace McpPortal.Clients.OAuth;

/// <summary>Takes what the person decided on the consent page. The page stands at the same address and only ever asks.</summary>
internal static class AuthorizeEndpoints
{
    public const string Decision = "decision";
    public const string Allow = "allow";
    public const string Deny = "deny";

    public static void MapAuthorize(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost(ServerMetadata.AuthorizePath, DecideAsync).RequireAuthorization().DisableAntiforgery().ExcludeFromDescription().WithOrder(-1).WithMetadata(new RequestSizeLimitAttribute(OAuthAnswers.MaxBody));

    /// <summary>Checks a request for the page and once more for the decision, the right of the person to the server or toolset included.</summary>
    public static async Task<AuthorizeCheck> CheckAsync(HttpContext context, UserId user, IEnumerable<KeyValuePair<string, StringValues>> sent, CancellationToken cancellationToken)
    {
        var requests = context.RequestServices.GetRequiredService<AuthorizeRequests>();
        var check = await requests.CheckAsync(context, user, sent, cancellationToken);
        if (check is not AuthorizeCheck.Asked { Request: { Resource: { } resource } request })
        {
            return check;
        }

        if (McpResource.ToolsetIn(resource) is { } name)
        {
            return await context.RequestServices.GetRequiredService<ToolsetCatalog>().FindAsync(user, name, cancellationToken) is { } set
                ? new AuthorizeCheck.Asked(request with { Toolset = new AskedToolset(set.Id, set.Name) })
                : requests.Fault(context, request.RedirectUri, "invalid_target", "The client asks for a toolset that you do not have.", request.State);
        }

        return await context.RequestServices.GetRequiredService<ServerCatalog>().FindAsync(user, resource, cancellationToken) is { } server
            ? new AuthorizeCheck.Asked(request with { Server = new AskedServer(server.Id, server.Slug, server.Name) })
            : requests.Fault(context, request.RedirectUri, "invalid_target", "The client asks for a server that you do not have.", request.State);
    }

    private static async Task<IResult> DecideAsync(HttpContext context, IAntiforgery antiforgery, AuthorizeRequests requests, ClientGrants grants, CancellationToken cancellationToken)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Problem(new AuthorizeCheck.Faulty("This form was not made for you, or it is too old. Go back to the client and let it ask again."));
        }

        if (context.User.FindSignIn() is null)
        {
            return Results.Forbid(); // a program: only a person can consent
        }

        var user = context.User.GetUserId();
        var form = await context.Request.ReadFormAsync(cancellationToken);
        var check = await CheckAsync(context, user, form, cancellationToken);
        if (check is not AuthorizeCheck.Asked { Request: var request })
        {
            return Problem((AuthorizeCheck.Faulty)check);
        }

        switch (form[Decision].ToString())
        {
            case Allow:
                var code = await grants.GiveAsync(user, request, Actor.Page(user), cancellationToken);
                return SendBack(context, request, requests.Answer(context, request.RedirectUri, request.State, ("code", code)));
            case Deny:
                return SendBack(context, request, requests.Answer(context, request.RedirectUri, request.State, ("error", "access_denied")));
            default:
                return Problem(new AuthorizeCheck.Faulty("The form says neither yes nor no."));
        }
    }

    /// <summary>Not by <c>Results.Redirect</c>, which writes the address into the log, with the code in it. 303, so that nothing is posted on (RFC 9700 §4.12).</summary>
    private static IResult SendBack(HttpContext context, AuthorizeRequest request, string address)
    {
        if (RedirectUris.IsApp(request.RedirectUri))
        {
            return new RazorComponentResult<AuthorizeReturn>(new { Client = request.Client.Name, Back = address });
        }

        context.Response.Headers.Location = address;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static RazorComponentResult<AuthorizeProblem> Problem(AuthorizeCheck.Faulty fault) => new(new { fault.Sentence, fault.Host, fault.Back }) { StatusCode = StatusCodes.Status400BadRequest };
}
