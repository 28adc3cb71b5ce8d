using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.Oidc;
using McpPortal.Sandbox.Pages;
using McpPortal.Sandbox.People;

namespace McpPortal.Sandbox.Google;

/// <summary>Consent as Google asks for it: each permission can be left out, and only the first consent gives a refresh token unless <c>prompt=consent</c>.</summary>
internal static class GoogleAuthorizeEndpoints
{
    private const string Path = "/google/authorize";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Begin).WithFaults("google/authorize");
        routes.MapPost(Path, DecideAsync);
    }

    private static IResult Begin(HttpContext context, SandboxOptions options, SignInSessions sessions, GoogleIssuer issuer, CodeStore codes, TokenStore tokens)
    {
        var request = new AuthorizeRequest(context.Request.Query);
        if (Refuse(request, options.Google, issuer) is { } refusal)
        {
            return refusal;
        }

        var accounts = ConsentAccounts.For(request.LoginHint, sessions.CurrentPerson(context), person => person.GoogleAccounts);
        return options.AutoConsent && accounts.Known
            ? Finish(request, accounts.Names[0], request.Scopes, codes, tokens, issuer)
            : ConsentPage.Show("Google", "McpPortal", Path + context.Request.QueryString, accounts.Names, request.Scopes, granular: true);
    }

    private static async Task<IResult> DecideAsync(HttpContext context, SandboxOptions options, GoogleIssuer issuer, CodeStore codes, TokenStore tokens)
    {
        var request = new AuthorizeRequest(context.Request.Query);
        if (Refuse(request, options.Google, issuer) is { } refusal)
        {
            return refusal;
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var account = form["account"].ToString();
        List<string> scopes = [.. request.Scopes.Where(scope => form["scope"].Contains(scope))];
        return form["decision"] == "allow" && scopes.Count > 0 && Residents.Find(account)?.GoogleAccounts.Contains(account) == true
            ? Finish(request, account, scopes, codes, tokens, issuer)
            : AuthorizeAnswers.Error(request, "access_denied", "The person did not agree.", issuer.InRedirect);
    }

    private static IResult? Refuse(AuthorizeRequest request, SandboxClient client, GoogleIssuer issuer) => AuthorizeChecks.Check(request, client) switch
    {
        null => null,
        { Error: { } error } problem => AuthorizeAnswers.Error(request, error, problem.Sentence, issuer.InRedirect),
        var problem => SandboxPage.Problem(problem.Sentence),
    };

    private static IResult Finish(AuthorizeRequest request, string account, IReadOnlyList<string> scopes, CodeStore codes, TokenStore tokens, GoogleIssuer issuer) => AuthorizeAnswers.Code(
        request,
        codes.Add(new IssuedCode
        {
            Provider = "google",
            ClientId = request.ClientId!,
            RedirectUri = request.RedirectUri!,
            CodeChallenge = request.CodeChallenge!,
            Account = account,
            Scopes = scopes,
            Expires = codes.Expiry(),
            Nonce = request.Nonce,
            WithRefreshToken = request.Offline
                && (request.Prompts.Contains("consent") || !tokens.HasRefreshToken("google", account, request.ClientId!)),
        }),
        issuer.InRedirect);
}
