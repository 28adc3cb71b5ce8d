using McpPortal.Accounts.Jwt;

namespace McpPortal.Accounts.Oidc;

/// <summary>Configuration section <c>Oidc</c>: the provider through which people sign in, and what its claims mean here.</summary>
internal sealed class OidcSettings
{
    public const string Section = "Oidc";

    public string Authority { get; init; } = "";

    public string ClientId { get; init; } = "";

    public string ClientSecret { get; init; } = "";

    /// <summary>How the client proves itself at the token endpoint.</summary>
    public OidcClientAuthentication ClientAuthentication { get; init; } = OidcClientAuthentication.Auto;

    public IList<string> Scopes { get; init; } = [];

    public IList<string> SigningAlgorithms { get; init; } = [];

    public string RoleClaim { get; init; } = "roles";

    public string GroupsClaim { get; init; } = "groups";

    /// <summary>Values of the role or groups claim that make an administrator.</summary>
    public IList<string> AdminRoles { get; init; } = [];

    /// <summary>Values of the role or groups claim that make an auditor.</summary>
    public IList<string> AuditorRoles { get; init; } = [];

    /// <summary>Subjects, or verified e-mail addresses, of this provider whose owners become administrators when they sign in.</summary>
    public IList<string> BootstrapAdmins { get; init; } = [];

    /// <summary>Entra ID: tenants (GUIDs) whose people may sign in.</summary>
    public IList<string> AllowedTenants { get; init; } = [];

    /// <summary>Where the provider sends people back to: <c>Portal:PublicUrl</c>. Empty takes the request's own address, in Development only.</summary>
    public string PublicUrl { get; set; } = "";

    public bool UserInfo { get; init; } = true;

    public static IReadOnlyList<string> DefaultScopes { get; } = ["openid", "profile", "email"];

    public IReadOnlyList<string> EffectiveScopes => Scopes.Count > 0 ? [.. Scopes] : DefaultScopes;

    public IReadOnlyList<string> EffectiveAlgorithms => SigningAlgorithms.Count > 0 ? [.. SigningAlgorithms] : JwtRules.AsymmetricAlgorithms;

    /// <summary>Whether people of several Entra tenants sign in through one authority.</summary>
    public bool SharedAuthority => Uri.TryCreate(Authority, UriKind.Absolute, out var url)
        && url.Segments is [_, "common/" or "common" or "organizations/" or "organizations", ..];
}
