using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.People;

namespace McpPortal.Sandbox.Oidc;

internal static class OidcTokenEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/oidc/token", ExchangeAsync).WithFaults("oidc/token");
        routes.MapPost("/oidc/revoke", RevokeAsync).WithFaults("oidc/revoke");
        routes.MapMethods("/oidc/userinfo", ["GET", "POST"], UserInfo).WithFaults("oidc/userinfo");
    }

    private static async Task<IResult> ExchangeAsync(HttpContext context, SandboxOptions options, CodeStore codes, TokenStore tokens, OidcTokens oidc, FaultSwitches faults)
    {
        var request = await TokenRequest.ReadAsync(context.Request, context.RequestAborted);
        if (!request.IsFrom(options.Portal))
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"sandbox\"";
            return TokenErrors.Json("invalid_client", "The client is unknown or its secret is wrong.");
        }

        if (context.FaultError() is { } error)
        {
            return TokenErrors.Json(error, "A test asked for this error.");
        }

        var rules = OidcTokens.Rules.With(faults.For("oidc/token"));
        switch (request.GrantType)
        {
            case "authorization_code" when codes.Take(request, "oidc") is { } code:
                var issued = tokens.Issue(code, rules);
                codes.Exchanged(request.Code!, issued.Family.Id);
                return Answer(oidc, options.Portal, issued, code);
            case "refresh_token" when tokens.Refresh(request, "oidc", rules) is { } renewed:
                return Answer(oidc, options.Portal, renewed, code: null);
            case "authorization_code" or "refresh_token":
                return TokenErrors.Json("invalid_grant", "The code or token is unknown, used or expired.");
            default:
                return TokenErrors.Json("unsupported_grant_type", "Use authorization_code or refresh_token.");
        }
    }

    private static IResult Answer(OidcTokens oidc, SandboxClient client, IssuedTokens tokens, IssuedCode? code) => Results.Json(new Dictionary<string, object?>
    {
        ["access_token"] = tokens.AccessToken,
        ["token_type"] = "Bearer",
        ["expires_in"] = tokens.ExpiresIn,
        ["id_token"] = oidc.IdToken(Residents.Find(tokens.Family.Account)!, client, tokens, code),
        ["refresh_token"] = tokens.RefreshToken,
        ["scope"] = string.Join(' ', tokens.Family.Scopes),
    }.Where(pair => pair.Value is not null).ToDictionary());

    private static async Task<IResult> RevokeAsync(HttpContext context, SandboxOptions options, TokenStore tokens)
    {
        var request = await TokenRequest.ReadAsync(context.Request, context.RequestAborted);
        if (!request.IsFrom(options.Portal))
        {
            return TokenErrors.Json("invalid_client", "The client is unknown or its secret is wrong.");
        }

        // RFC 7009 §2.2: an unknown token is no error.
        tokens.Revoke("oidc", request.Token);
        return Results.Ok();
    }

    private static IResult UserInfo(HttpContext context, TokenStore tokens)
    {
        if (tokens.Find("oidc", BearerToken.Read(context.Request)) is not { } family)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
            return Results.StatusCode(StatusCodes.Status401Unauthorized);
        }

        return Results.Json(OidcTokens.UserInfo(Residents.Find(family.Account)!, family.Scopes));
    }
}
