using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>Section <c>Providers:{slug}</c>: one OAuth app. <c>google</c> and <c>github</c> know their addresses; others name all of them.</summary>
internal sealed class ProviderOptions
{
    public string? Name { get; init; }

    public string? ClientId { get; init; }

    public string? ClientSecret { get; init; }

    /// <summary>Exact issuer, where the provider names one (RFC 9207).</summary>
    public string? Issuer { get; init; }

    public string? AuthorizationEndpoint { get; init; }

    public string? TokenEndpoint { get; init; }

    public string? RevocationEndpoint { get; init; }

    public string? UserInfoEndpoint { get; init; }

    /// <summary>Asked for in each connect, besides what the chosen servers need.</summary>
    public IList<string> Scopes { get; init; } = [];

    public static ProviderKind KindOf(string slug) => slug switch
    {
        "google" => ProviderKind.Google,
        "github" => ProviderKind.GitHub,
        _ => ProviderKind.Generic,
    };

    /// <summary>What is known of a provider by its name, for whatever the configuration leaves out.</summary>
    public static ProviderOptions DefaultsOf(string slug) => KindOf(slug) switch
    {
        ProviderKind.Google => new ProviderOptions
        {
            Name = "Google",
            Issuer = "https://accounts.google.com",
            AuthorizationEndpoint = "https://accounts.google.com/o/oauth2/v2/auth",
            TokenEndpoint = "https://oauth2.googleapis.com/token",
            RevocationEndpoint = "https://oauth2.googleapis.com/revoke",
            UserInfoEndpoint = "https://openidconnect.googleapis.com/v1/userinfo",
            Scopes = ["openid", "email"],
        },
        ProviderKind.GitHub => new ProviderOptions
        {
            Name = "GitHub",
            AuthorizationEndpoint = "https://github.com/login/oauth/authorize",
            TokenEndpoint = "https://github.com/login/oauth/access_token",
            RevocationEndpoint = "https://api.github.com/applications/{client_id}/grant",
            UserInfoEndpoint = "https://api.github.com/user",
            Scopes = ["read:user"],
        },
        _ => new ProviderOptions { Name = slug },
    };
}
