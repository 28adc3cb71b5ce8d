using Microsoft.Extensions.Primitives;

namespace McpPortal.Clients.OAuth;

/// <summary><c>/token</c> (RFC 6749 §3.2) and <c>/revoke</c> (RFC 7009). Clients are public: they name themselves, and prove nothing but what they hold.</summary>
internal static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost(ServerMetadata.TokenPath, TokenAsync);
        endpoints.MapPost(ServerMetadata.RevokePath, RevokeAsync);
    }

    private static async Task<IResult> TokenAsync(HttpContext context, CodeExchange codes, TokenRefresh refreshes, PortalAddress address, AccessKeyGuesses guesses, CancellationToken cancellationToken)
    {
        var (form, fault) = await ReadAsync(context, cancellationToken);
        if (form is null)
        {
            return fault!;
        }

        if (!address.TryReadResource(context, form.Get("resource"), out var resource))
        {
            return OAuthAnswers.Error("invalid_target", "The portal serves no such resource.");
        }

        var target = form.Get("resource") is null ? null : new AskedTarget(resource);
        var from = context.Connection.RemoteIpAddress?.ToString() ?? "";
        if (guesses.IsExceeded(from))
        {
            return OAuthAnswers.TooMany(context, AccessKeyGuesses.Window);
        }

        ClientTokenResult result;
        switch (form.Get("grant_type"))
        {
            case "authorization_code" when form.Get("code") is { } code:
                result = await codes.ExchangeAsync(new CodeToExchange(code, form.ClientId, form.Get("redirect_uri"), form.Get("code_verifier"), target), cancellationToken);
                break;
            case "refresh_token" when form.Get("refresh_token") is { } token:
                result = await refreshes.RefreshAsync(token, form.ClientId, form.Get("scope"), target, cancellationToken);
                break;
            case "authorization_code" or "refresh_token" or null:
                return OAuthAnswers.Error("invalid_request", "A part of the request is missing.");
            default:
                return OAuthAnswers.Error("unsupported_grant_type", "There are authorization_code and refresh_token.");
        }

        if (result is ClientTokenResult.Issued issued)
        {
            return OAuthAnswers.Tokens(issued.Tokens);
        }

        var refused = (ClientTokenResult.Refused)result;
        if (refused.IsGuess)
        {
            guesses.Missed(from);
        }

        return OAuthAnswers.Error(refused.Error, refused.Description);
    }

    private static async Task<IResult> RevokeAsync(HttpContext context, ClientTokens tokens, CancellationToken cancellationToken)
    {
        var (form, fault) = await ReadAsync(context, cancellationToken);
        if (form is null)
        {
            return fault!;
        }

        return form.Get("token") is not { } token ? OAuthAnswers.Error("invalid_request", "A part of the request is missing.")
            : await tokens.RevokeAsync(token, form.ClientId, cancellationToken) ? Results.Ok()
            : OAuthAnswers.Error("invalid_client", "The token is another client's.");
    }

    /// <summary>The form, or the answer to one that cannot be understood.</summary>
    private static async Task<(ClientForm? Form, IResult? Fault)> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Request.Headers.Authorization.Count > 0)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"McpPortal\"";
            return (null, OAuthAnswers.Error("invalid_client", "Clients here have no secret. Send client_id in the form.", StatusCodes.Status401Unauthorized));
        }

        if (!context.Request.HasFormContentType)
        {
            return (null, OAuthAnswers.Error("invalid_request", "Send a form (application/x-www-form-urlencoded)."));
        }

        var form = await context.Request.ReadFormAsync(cancellationToken);
        return form.Any(field => field.Value.Count != 1) ? (null, OAuthAnswers.Error("invalid_request", "Something is said twice."))
            : form["client_id"] is [{ Length: > 0 } clientId] ? (new ClientForm(clientId, form), null)
            : (null, OAuthAnswers.Error("invalid_client", "The request does not say which client it comes from.", StatusCodes.Status401Unauthorized));
    }

    /// <summary>A form with one value for each name, from a client that names itself.</summary>
    private sealed class ClientForm(string clientId, IFormCollection fields)
    {
        public string ClientId => clientId;

        /// <summary>Empty counts as left out (RFC 6749 §3.2).</summary>
        public string? Get(string name) => StringValues.IsNullOrEmpty(fields[name]) ? null : fields[name].ToString();
    }
}
