using System.Globalization;
using System.Text.Json.Nodes;
using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.OAuth;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Sandbox.GitHub;

/// <summary>GitHub's token endpoint: every refusal comes with status 200, and without <c>Accept: application/json</c> as a form.</summary>
internal static class GitHubTokenEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/github/login/oauth/access_token", ExchangeAsync).WithFaults("github/token");
        foreach (var what in new[] { "grant", "token" })
        {
            routes.MapDelete($"/github/api/applications/{{clientId}}/{what}", (HttpContext context, string clientId, SandboxOptions options, TokenStore tokens) =>
                RevokeAsync(context, clientId, wholeGrant: what == "grant", options, tokens)).WithFaults("github/revoke");
        }
    }

    private static async Task<IResult> ExchangeAsync(HttpContext context, SandboxOptions options, CodeStore codes, TokenStore tokens, FaultSwitches faults)
    {
        var request = await TokenRequest.ReadAsync(context.Request, context.RequestAborted);
        return Answer(context.Request, Exchange(context, request, options.GitHub, codes, tokens, GitHubTokens.Rules.With(faults.For("github/token"))));
    }

    private static Dictionary<string, string?> Exchange(HttpContext context, TokenRequest request, SandboxClient client, CodeStore codes, TokenStore tokens, TokenRules rules)
    {
        if (!request.IsFrom(client))
        {
            return Error("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.");
        }

        if (context.FaultError() is { } error)
        {
            return Error(error, "A test asked for this error.");
        }

        if (request.GrantType == "refresh_token")
        {
            return tokens.Refresh(request, "github", rules) is { } renewed
                ? Success(renewed)
                : Error("bad_refresh_token", "The refresh token passed is incorrect or expired.");
        }

        if (codes.Take(request, "github") is not { } code)
        {
            return Error("bad_verification_code", "The code passed is incorrect or expired.");
        }

        var issued = tokens.Issue(code, rules);
        codes.Exchanged(request.Code!, issued.Family.Id);
        return Success(issued);
    }

    private static Dictionary<string, string?> Success(IssuedTokens tokens) => new()
    {
        ["access_token"] = tokens.AccessToken,
        ["expires_in"] = $"{tokens.ExpiresIn}",
        ["refresh_token"] = tokens.RefreshToken,
        ["refresh_token_expires_in"] = tokens.RefreshLifetime is { } lifetime ? $"{(int)lifetime.TotalSeconds}" : null,
        ["scope"] = string.Join(',', tokens.Family.Scopes),
        ["token_type"] = "bearer",
    };

    private static Dictionary<string, string?> Error(string error, string description) => new()
    {
        ["error"] = error,
        ["error_description"] = description,
        ["error_uri"] = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors",
    };

    private static IResult Answer(HttpRequest request, Dictionary<string, string?> fields)
    {
        var present = fields.Where(pair => pair.Value is not null).ToList();
        if (!request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase))
        {
            return Results.Text(QueryHelpers.AddQueryString("", present).TrimStart('?'), "application/x-www-form-urlencoded; charset=utf-8");
        }

        var json = new JsonObject();
        foreach (var (name, value) in present)
        {
            json[name] = name.EndsWith("expires_in", StringComparison.Ordinal) ? int.Parse(value!, CultureInfo.InvariantCulture) : value;
        }

        return Results.Json(json);
    }

    private static async Task<IResult> RevokeAsync(HttpContext context, string clientId, bool wholeGrant, SandboxOptions options, TokenStore tokens)
    {
        var (id, secret) = BasicCredentials.Read(context.Request);
        if (id != options.GitHub.Id || clientId != id || !Randoms.Same(secret, options.GitHub.Secret))
        {
            return Results.Json(new { message = "Not Found" }, statusCode: StatusCodes.Status404NotFound);
        }

        var body = await context.Request.ReadFromJsonAsync<JsonObject>(context.RequestAborted);
        var token = (string?)body?["access_token"];
        var family = tokens.Find("github", token);
        if (!tokens.Revoke("github", token))
        {
            return Results.Json(new { message = "Validation Failed" }, statusCode: StatusCodes.Status422UnprocessableEntity);
        }

        if (wholeGrant && family is not null)
        {
            tokens.RevokeAll("github", family.Account);
        }

        return Results.NoContent();
    }
}
