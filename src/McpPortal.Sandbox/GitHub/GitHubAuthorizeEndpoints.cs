using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.Oidc;
using McpPortal.Sandbox.Pages;
using McpPortal.Sandbox.People;

namespace McpPortal.Sandbox.GitHub;

internal static class GitHubAuthorizeEndpoints
{
    private const string Path = "/github/login/oauth/authorize";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Begin).WithFaults("github/authorize");
        routes.MapPost(Path, DecideAsync);
    }

    private static IResult Begin(HttpContext context, SandboxOptions options, SignInSessions sessions, FaultSwitches faults, CodeStore codes)
    {
        var request = new AuthorizeRequest(context.Request.Query);
        if (Refuse(request, options.GitHub, faults) is { } refusal)
        {
            return refusal;
        }

        var accounts = ConsentAccounts.For(request.LoginHint, sessions.CurrentPerson(context), person => person.GitHubAccounts);
        return options.AutoConsent && accounts.Known
            ? Finish(request, accounts.Names[0], codes, faults)
            : ConsentPage.Show("GitHub", "McpPortal", Path + context.Request.QueryString, accounts.Names, request.Scopes, granular: false);
    }

    private static async Task<IResult> DecideAsync(HttpContext context, SandboxOptions options, FaultSwitches faults, CodeStore codes)
    {
        var request = new AuthorizeRequest(context.Request.Query);
        if (Refuse(request, options.GitHub, faults) is { } refusal)
        {
            return refusal;
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var account = form["account"].ToString();
        return form["decision"] == "allow" && Residents.Find(account)?.GitHubAccounts.Contains(account) == true
            ? Finish(request, account, codes, faults)
            : AuthorizeAnswers.Error(request, "access_denied", "The user has denied your application access.", Issuer(faults));
    }

    private static IResult? Refuse(AuthorizeRequest request, SandboxClient client, FaultSwitches faults) => AuthorizeChecks.Check(request, client) switch
    {
        null => null,
        { Error: { } error } problem => AuthorizeAnswers.Error(request, error, problem.Sentence, Issuer(faults)),
        var problem => SandboxPage.Problem(problem.Sentence),
    };

    private static IResult Finish(AuthorizeRequest request, string account, CodeStore codes, FaultSwitches faults) => AuthorizeAnswers.Code(
        request,
        codes.Add(new IssuedCode
        {
            Provider = "github",
            ClientId = request.ClientId!,
            RedirectUri = request.RedirectUri!,
            CodeChallenge = request.CodeChallenge!,
            Account = account,
            Scopes = request.Scopes,
            Expires = codes.Expiry(),
            WithRefreshToken = true,
        }),
        Issuer(faults));

    /// <summary>GitHub sends no <c>iss</c>; a test can add one.</summary>
    private static string? Issuer(FaultSwitches faults) => faults.For("github/authorize").Issuer;
}
