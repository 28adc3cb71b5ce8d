using System.Text.Json;
using McpPortal.Accounts.Jwt;

namespace McpPortal.Accounts.Oidc;

/// <summary>What the portal uses of a provider's discovery document (OpenID Connect Discovery §3).</summary>
internal sealed record OidcMetadata
{
    public required string Issuer { get; init; }

    public required Uri AuthorizationEndpoint { get; init; }

    public required Uri TokenEndpoint { get; init; }

    public required Uri KeysEndpoint { get; init; }

    public Uri? UserInfoEndpoint { get; init; }

    public Uri? EndSessionEndpoint { get; init; }

    /// <summary>RFC 9207: answers carry <c>iss</c>.</summary>
    public bool AnswersCarryIssuer { get; init; }

    public IReadOnlyList<string> TokenAuthentication { get; init; } = [];

    public bool SharedIssuer => Issuer.Contains(JwtRules.TenantPlaceholder, StringComparison.Ordinal);

    /// <returns>The metadata, or a sentence for the operator's log.</returns>
    public static (OidcMetadata? Metadata, string? Problem) Parse(ReadOnlySpan<byte> utf8, OidcSettings settings, bool development)
    {
        if (StrictJson.ParseObject(utf8) is not { } document)
        {
            return (null, "its discovery document is not well-formed JSON");
        }

        var issuer = document.Text("issuer");
        if (issuer is null || !IssuerFits(issuer, settings))
        {
            return (null, $"its discovery document names another issuer. Write exactly that issuer as {OidcSettings.Section}:Authority");
        }

        var authorization = Endpoint(document, "authorization_endpoint", development);
        var token = Endpoint(document, "token_endpoint", development);
        var keys = Endpoint(document, "jwks_uri", development);
        if (authorization is null || token is null || keys is null)
        {
            return (null, "its discovery document lacks an https authorization_endpoint, token_endpoint or jwks_uri");
        }

        // RFC 8414 §2 says what an absent list means; only a list without S256 is a refusal of PKCE.
        if (document.TryGetProperty("code_challenge_methods_supported", out _) && !document.Texts("code_challenge_methods_supported").Contains("S256", StringComparer.Ordinal))
        {
            return (null, "it does not support PKCE with S256");
        }

        return (new OidcMetadata
        {
            Issuer = issuer,
            AuthorizationEndpoint = authorization,
            TokenEndpoint = token,
            KeysEndpoint = keys,
            UserInfoEndpoint = Endpoint(document, "userinfo_endpoint", development),
            EndSessionEndpoint = Endpoint(document, "end_session_endpoint", development),
            AnswersCarryIssuer = document.TryGetProperty("authorization_response_iss_parameter_supported", out var iss) && iss.ValueKind == JsonValueKind.True,
            TokenAuthentication = document.Texts("token_endpoint_auth_methods_supported"),
        }, null);
    }

    /// <summary>RFC 9207 §2.4, compared exactly; for a shared issuer every allowed tenant's issuer fits.</summary>
    public bool IsAnswerFrom(string? issuer, OidcSettings settings) =>
        issuer is null ? !AnswersCarryIssuer
        : issuer == Issuer || (SharedIssuer && settings.AllowedTenants.Any(t => Issuer.Replace(JwtRules.TenantPlaceholder, t, StringComparison.Ordinal) == issuer));

    private static bool IssuerFits(string issuer, OidcSettings settings)
    {
        var authority = settings.Authority.TrimEnd('/');
        if (issuer == authority || issuer == authority + "/")
        {
            return true;
        }

        return settings.SharedAuthority
            && Uri.TryCreate(authority, UriKind.Absolute, out var url)
            && issuer == $"{url.GetLeftPart(UriPartial.Authority)}/{JwtRules.TenantPlaceholder}/{string.Concat(url.Segments.Skip(2))}";
    }

    private static Uri? Endpoint(JsonElement document, string name, bool development) => IssuerDocument.Address(document.Text(name), development);
}
