using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.Google;

/// <summary>Lets a live token with one of the scopes in, for its own mailbox only.</summary>
internal sealed class GmailAccess(params string[] scopes) : IEndpointFilter
{
    private const string Prefix = "https://www.googleapis.com/auth/";

    public static string Account(HttpContext context) => ((TokenFamily)context.Items[typeof(TokenFamily)]!).Account;

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.RequestServices.GetRequiredService<TokenStore>().Find("google", BearerToken.Read(http.Request)) is not { } family)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"";
            return new(GoogleErrors.Answer(401, "UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."));
        }

        if (!family.Scopes.Contains("https://mail.google.com/") && !scopes.Any(scope => family.Scopes.Contains(Prefix + scope)))
        {
            http.Response.Headers.WWWAuthenticate = $"Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\", scope=\"{Prefix}{scopes[0]}\"";
            return new(GoogleErrors.Answer(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes."));
        }

        var user = (string?)http.Request.RouteValues["user"];
        if (user != "me" && user != family.Account)
        {
            return new(GoogleErrors.Answer(403, "PERMISSION_DENIED", $"Delegation denied for {family.Account}"));
        }

        http.Items[typeof(TokenFamily)] = family;
        return next(context);
    }
}
