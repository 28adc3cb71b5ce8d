using System.Text.Json.Serialization;

namespace McpPortal.Clients.OAuth;

/// <summary>Answers of the endpoints that programs ask (RFC 6749 §5); none of them may be stored.</summary>
internal static class OAuthAnswers
{
    public const int MaxBody = 16 * 1024;

    public static IResult Tokens(IssuedTokens tokens) =>
        Results.Json(new TokenBody(tokens.Access, "Bearer", (int)tokens.ExpiresIn.TotalSeconds, tokens.Refresh, ClientScopes.Join(tokens.Scopes)));

    public static IResult Error(string error, string description, int status = StatusCodes.Status400BadRequest) => Results.Json(new ErrorBody(error, description), statusCode: status);

    public static IResult Registered(KnownClient client, DateTimeOffset at) =>
        Results.Json(new RegisteredBody(client.ClientId, at.ToUnixTimeSeconds(), client.Name, client.RedirectUris), statusCode: StatusCodes.Status201Created);

    public static IResult TooMany(HttpContext context, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter = ((int)wait.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Error("temporarily_unavailable", "Too many requests came from this address. Try again later.", StatusCodes.Status429TooManyRequests);
    }

    private sealed record TokenBody(
        [property: JsonPropertyName("access_token")] string AccessToken,
        [property: JsonPropertyName("token_type")] string Type,
        [property: JsonPropertyName("expires_in")] int ExpiresIn,
        [property: JsonPropertyName("refresh_token")] string RefreshToken,
        [property: JsonPropertyName("scope")] string Scope)
    {
        public override string ToString() => "***";
    }

    private sealed record ErrorBody(
        [property: JsonPropertyName("error")] string Error,
        [property: JsonPropertyName("error_description")] string Description);

    private sealed record RegisteredBody(
        [property: JsonPropertyName("client_id")] string ClientId,
        [property: JsonPropertyName("client_id_issued_at")] long IssuedAt,
        [property: JsonPropertyName("client_name")] string Name,
        [property: JsonPropertyName("redirect_uris")] IReadOnlyList<string> RedirectUris)
    {
        [JsonPropertyName("grant_types")]
        public IReadOnlyList<string> GrantTypes { get; } = ["authorization_code", "refresh_token"];

        [JsonPropertyName("response_types")]
        public IReadOnlyList<string> ResponseTypes { get; } = ["code"];

        [JsonPropertyName("token_endpoint_auth_method")]
        public string AuthMethod => "none";

        [JsonPropertyName("scope")]
        public string Scope => ClientScopes.Join(ClientScopes.All);
    }
}
