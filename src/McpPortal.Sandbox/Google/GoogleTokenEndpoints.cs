using System.Text.Json.Nodes;
using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.OAuth;

namespace McpPortal.Sandbox.Google;

internal static class GoogleTokenEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/google/token", ExchangeAsync).WithFaults("google/token");
        routes.MapPost("/google/revoke", RevokeAsync).WithFaults("google/revoke");
        routes.MapGet("/google/userinfo", UserInfo).WithFaults("google/userinfo");
    }

    private static async Task<IResult> ExchangeAsync(HttpContext context, SandboxOptions options, CodeStore codes, TokenStore tokens, GoogleIdTokens idTokens, FaultSwitches faults)
    {
        var request = await TokenRequest.ReadAsync(context.Request, context.RequestAborted);
        if (!request.IsFrom(options.Google))
        {
            return TokenErrors.Json("invalid_client", "The OAuth client was not found.");
        }

        if (context.FaultError() is { } error)
        {
            return TokenErrors.Json(error, "A test asked for this error.");
        }

        var rules = GoogleTokens.Rules.With(faults.For("google/token"));
        switch (request.GrantType)
        {
            case "authorization_code" when codes.Take(request, "google") is { } code:
                var issued = tokens.Issue(code, rules);
                codes.Exchanged(request.Code!, issued.Family.Id);
                return Answer(issued, idTokens.Create(issued, code.Nonce));
            case "refresh_token" when tokens.Refresh(request, "google", rules) is { } renewed:
                return Answer(renewed, idTokens.Create(renewed, nonce: null));
            case "authorization_code":
                return TokenErrors.Json("invalid_grant", "Malformed auth code.");
            case "refresh_token":
                return TokenErrors.Json("invalid_grant", "Token has been expired or revoked.");
            default:
                return TokenErrors.Json("unsupported_grant_type", $"Invalid grant_type: {request.GrantType}");
        }
    }

    private static IResult Answer(IssuedTokens tokens, string? idToken)
    {
        var json = new JsonObject
        {
            ["access_token"] = tokens.AccessToken,
            ["expires_in"] = tokens.ExpiresIn,
            ["scope"] = string.Join(' ', tokens.Family.Scopes),
            ["token_type"] = "Bearer",
        };
        if (tokens.RefreshToken is { } refresh)
        {
            json["refresh_token"] = refresh;
        }

        if (idToken is not null)
        {
            json["id_token"] = idToken;
        }

        return Results.Json(json);
    }

    private static async Task<IResult> RevokeAsync(HttpContext context, TokenStore tokens)
    {
        var request = await TokenRequest.ReadAsync(context.Request, context.RequestAborted);
        return tokens.Revoke("google", request.Token ?? context.Request.Query["token"])
            ? Results.Json(new JsonObject())
            : TokenErrors.Json("invalid_token", "Token expired or revoked");
    }

    private static IResult UserInfo(HttpContext context, TokenStore tokens)
    {
        if (tokens.Find("google", BearerToken.Read(context.Request)) is not { } family)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
            return TokenErrors.Json("invalid_token", "Invalid Credentials", StatusCodes.Status401Unauthorized);
        }

        return Results.Json(GoogleIdTokens.Describe([], family));
    }
}
