using System.Globalization;
using McpPortal.Accounts.Jwt;
using McpPortal.Vault;
using Microsoft.Extensions.Options;

namespace McpPortal.Accounts.Oidc;

/// <summary>Finds every mistake of the section at start and says what to write instead.</summary>
internal sealed class OidcSettingsCheck(IHostEnvironment environment) : IValidateOptions<OidcSettings>
{
    private const string Key = OidcSettings.Section;

    public ValidateOptionsResult Validate(string? name, OidcSettings options)
    {
        var errors = Errors(options, environment.IsDevelopment()).ToArray();
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    public static IEnumerable<string> Errors(OidcSettings options, bool development)
    {
        if (!IsBase(options.Authority, development))
        {
            yield return $"{Key}:Authority is '{options.Authority}'. Write the issuer address of your provider, beginning with https://, such as 'https://login.microsoftonline.com/TENANT/v2.0'.";
        }

        if (string.IsNullOrWhiteSpace(options.ClientId))
        {
            yield return $"{Key}:ClientId is empty. Write the client id that the provider gave to this portal.";
        }

        if (options.ClientAuthentication is OidcClientAuthentication.Basic or OidcClientAuthentication.Post && options.ClientSecret.Length == 0)
        {
            yield return $"{Key}:ClientSecret is empty. Write the client secret, or set {Key}:ClientAuthentication to 'None' for a public client.";
        }

        if (SampleSecret.IsRefused(options.ClientSecret, options.Authority, development))
        {
            yield return $"{Key}:ClientSecret is a sample that everybody knows. Write the client secret of your own provider.";
        }

        // Without it, a forged Host header would choose where codes are sent.
        if ((options.PublicUrl.Length > 0 || !development) && !IsBase(options.PublicUrl, development))
        {
            yield return $"Portal:PublicUrl is '{options.PublicUrl}'. Write the address of this portal, such as 'https://portal.example'.";
        }

        if (!options.EffectiveScopes.Contains("openid", StringComparer.Ordinal))
        {
            yield return $"{Key}:Scopes does not contain 'openid'. Add it; without it there is no sign-in.";
        }

        foreach (var algorithm in options.EffectiveAlgorithms.Where(a => !JwtRules.AsymmetricAlgorithms.Contains(a, StringComparer.Ordinal)))
        {
            yield return $"{Key}:SigningAlgorithms contains '{algorithm}'. Write only {string.Join(", ", JwtRules.AsymmetricAlgorithms)}.";
        }

        for (var i = 0; i < options.AllowedTenants.Count; i++)
        {
            if (!Guid.TryParseExact(options.AllowedTenants[i], "D", out _))
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{Key}:AllowedTenants:{i} is '{options.AllowedTenants[i]}'. Write the tenant's id, a GUID.");
            }
        }

        if (options.SharedAuthority && options.AllowedTenants.Count == 0)
        {
            yield return $"{Key}:AllowedTenants is empty, but {Key}:Authority accepts every tenant. Write the ids of the tenants that may sign in, or use one tenant's own authority.";
        }

        if (string.IsNullOrWhiteSpace(options.RoleClaim) || string.IsNullOrWhiteSpace(options.GroupsClaim))
        {
            yield return $"{Key}:RoleClaim or {Key}:GroupsClaim is empty. Write the name of a claim, such as 'roles' and 'groups'.";
        }
    }

    public static bool IsBase(string text, bool development) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Query.Length == 0 && url.Fragment.Length == 0 && url.UserInfo.Length == 0
        && (url.Scheme == Uri.UriSchemeHttps || (development && url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));
}
