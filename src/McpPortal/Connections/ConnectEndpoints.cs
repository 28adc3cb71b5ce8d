using McpPortal.Accounts;
using McpPortal.Data;
using McpPortal.Servers;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;

namespace McpPortal.Connections;

/// <summary>Starts a connect (POST with antiforgery; a GET never does) and takes the person back from the provider.</summary>
internal static class ConnectEndpoints
{
    public static void MapConnections(this IEndpointRouteBuilder endpoints)
    {
        // The page stands at the same address; the order lets this endpoint win every POST.
        endpoints.MapPost("/connect/{provider}", StartAsync).RequireAuthorization().DisableAntiforgery().WithOrder(-1);
        endpoints.MapGet("/connect/{provider}/callback", ReturnAsync).RequireAuthorization();
    }

    /// <summary>Value of a ticked box: which server, for which of its needs, and the destination that stood beside it.</summary>
    public static string TargetValue(ServerSnapshot server, CredentialNeed need) => $"{server.Id}|{need.Name}|{server.Destination}";

    private static async Task<IResult> StartAsync(
        HttpContext context, string provider, IAntiforgery antiforgery, ServerCatalog catalog, ConnectFlow flow, ConnectionsOptions options, IHostEnvironment environment, CancellationToken cancellationToken)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return Problem("This form was not made for you, or it is too old. Go back to your connections and try again.", StatusCodes.Status400BadRequest);
        }

        if (context.User.FindSignIn() is not { } signIn)
        {
            return Results.Forbid(); // a program with a key: only a person can consent
        }

        var user = context.User.GetUserId();
        var form = await context.Request.ReadFormAsync(cancellationToken);
        List<ConnectTarget> targets = [];
        foreach (var value in form["target"])
        {
            if (await TargetAsync(catalog, user, value, cancellationToken) is not { } target)
            {
                return Results.NotFound();
            }

            targets.Add(target);
        }

        ConnectionId? reconnect = null;
        if (form["reconnect"].ToString() is { Length: > 0 } text)
        {
            if (!Guid.TryParse(text, out var id))
            {
                return Results.NotFound();
            }

            reconnect = ConnectionId.From(id);
        }

        var start = await flow.BeginAsync(
            new ConnectRequest
            {
                User = user,
                SignIn = signIn,
                Provider = provider,
                Portal = PortalAddress(context, options, environment),
                Targets = targets,
                ReturnPath = form["return"],
                Reconnect = reconnect,
                Label = form["label"].ToString() is { Length: > 0 and <= 100 } label ? label : null,
            },
            cancellationToken);
        return start switch
        {
            ConnectStart.Redirect(var address) => Results.Redirect(address.AbsoluteUri),
            ConnectStart.DestinationMoved => Problem("A server moved while the page was open. Go back, reload it, and look where your access would go now.", StatusCodes.Status409Conflict),
            _ => Results.NotFound(),
        };
    }

    private static async Task<IResult> ReturnAsync(
        HttpContext context, string provider, string? state, string? code, string? error, string? iss, ConnectFlow flow, CancellationToken cancellationToken)
    {
        if (context.User.FindSignIn() is not { } signIn)
        {
            return Results.Forbid();
        }

        var answer = new ConnectReturn { User = context.User.GetUserId(), SignIn = signIn, Provider = provider, State = state, Code = code, Error = error, Issuer = iss };
        return await flow.CompleteAsync(answer, cancellationToken) switch
        {
            ConnectResult.Connected { ReturnPath: ReturnPaths.Default } => Results.LocalRedirect($"{ReturnPaths.Default}?connected={provider}"),
            ConnectResult.Connected(_, _, _, var path) => Results.LocalRedirect(path),
            ConnectResult.OtherAccount(var wanted, var got, _) => Results.LocalRedirect(ConnectPaths.OtherAccount(wanted, got)),
            ConnectResult.Cancelled => Results.LocalRedirect($"{ReturnPaths.Default}?cancelled={provider}"),
            ConnectResult.Refused(var sentence) => Problem(sentence, StatusCodes.Status400BadRequest),
            ConnectResult.Failed(var sentence) => Problem(sentence, StatusCodes.Status502BadGateway),
            _ => throw new InvalidOperationException("Unknown result."),
        };
    }

    private static async Task<ConnectTarget?> TargetAsync(ServerCatalog catalog, UserId user, string? value, CancellationToken cancellationToken)
    {
        var parts = (value ?? "").Split('|', 3);
        return parts.Length == 3
            && Guid.TryParse(parts[0], out var id)
            && await catalog.FindAsync(user, ServerId.From(id), cancellationToken) is { } server
            && server.Need(parts[1]) is { } need
                ? new ConnectTarget(server, need, parts[2])
                : null;
    }

    /// <summary>Never from the request outside Development: a hostile Host header would choose where providers send people.</summary>
    private static Uri PortalAddress(HttpContext context, ConnectionsOptions options, IHostEnvironment environment) =>
        options.PublicUrl
        ?? (environment.IsDevelopment()
            ? new Uri($"{context.Request.Scheme}://{context.Request.Host}/")
            : throw new InvalidOperationException("Portal:PublicUrl is missing."));

    private static RazorComponentResult<ConnectProblem> Problem(string sentence, int status) => new(new { Sentence = sentence }) { StatusCode = status };
}
