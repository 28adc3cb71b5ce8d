using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.Pages;
using McpPortal.Sandbox.People;

namespace McpPortal.Sandbox.Oidc;

/// <summary>The authorization endpoint: GET shows who can sign in, POST of the same address signs one in.</summary>
internal static class OidcAuthorizeEndpoints
{
    private const string Path = "/oidc/authorize";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Begin).WithFaults("oidc/authorize");
        routes.MapPost(Path, ChooseAsync);
    }

    private static IResult Begin(HttpContext context, SandboxOptions options, SignInSessions sessions, FaultSwitches faults, SandboxAddress address, CodeStore codes)
    {
        var request = new AuthorizeRequest(context.Request.Query);
        var issuer = faults.For("oidc/authorize").Issuer ?? address.Value;
        if (Refuse(request, options.Portal, issuer) is { } refusal)
        {
            return refusal;
        }

        var hinted = Residents.Find(request.LoginHint);
        if (request.Prompts.Contains("none"))
        {
            return sessions.CurrentPerson(context) is { } known && (hinted is null || hinted == known)
                ? Finish(context, request, known, options.Portal, sessions, codes, issuer)
                : AuthorizeAnswers.Error(request, "login_required", "Nobody is signed in.", issuer);
        }

        return options.AutoConsent && hinted is not null
            ? Finish(context, request, hinted, options.Portal, sessions, codes, issuer)
            : SignInPage.Show(Path + context.Request.QueryString, hinted ?? sessions.CurrentPerson(context));
    }

    private static async Task<IResult> ChooseAsync(HttpContext context, SandboxOptions options, SignInSessions sessions, FaultSwitches faults, SandboxAddress address, CodeStore codes)
    {
        var request = new AuthorizeRequest(context.Request.Query);
        var issuer = faults.For("oidc/authorize").Issuer ?? address.Value;
        if (Refuse(request, options.Portal, issuer) is { } refusal)
        {
            return refusal;
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        return Residents.Find(form["user"]) is { } person
            ? Finish(context, request, person, options.Portal, sessions, codes, issuer)
            : AuthorizeAnswers.Error(request, "access_denied", "The person cancelled the sign-in.", issuer);
    }

    private static IResult? Refuse(AuthorizeRequest request, SandboxClient client, string issuer)
    {
        var problem = AuthorizeChecks.Check(request, client)
            ?? (request.Scopes.Contains("openid") ? null : new AuthorizeProblem("The scope openid is required.", "invalid_scope"));
        return problem switch
        {
            null => null,
            { Error: { } error } => AuthorizeAnswers.Error(request, error, problem.Sentence, issuer),
            _ => SandboxPage.Problem(problem.Sentence),
        };
    }

    private static IResult Finish(HttpContext context, AuthorizeRequest request, Person person, SandboxClient client, SignInSessions sessions, CodeStore codes, string issuer)
    {
        var session = sessions.SignIn(context, person, BackChannel(client, request.RedirectUri!));
        var code = codes.Add(new IssuedCode
        {
            Provider = "oidc",
            ClientId = request.ClientId!,
            RedirectUri = request.RedirectUri!,
            CodeChallenge = request.CodeChallenge!,
            Account = person.Name,
            Scopes = request.Scopes,
            Expires = codes.Expiry(),
            Nonce = request.Nonce,
            SessionId = session.Id,
            SignedInAt = session.At,
            WithRefreshToken = request.Scopes.Contains("offline_access"),
        });
        return AuthorizeAnswers.Code(request, code, issuer);
    }

    private static string? BackChannel(SandboxClient client, string redirectUri) =>
        client.BackChannelLogoutUri
        ?? (client.BackChannelLogoutPath is { } path ? new Uri(redirectUri).GetLeftPart(UriPartial.Authority) + path : null);
}
