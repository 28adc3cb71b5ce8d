using System.Text.RegularExpressions;
using McpPortal.Vault;

namespace McpPortal.Connections;

/// <summary>Sections <c>Providers</c> and <c>Connections</c>, with the portal's own address.</summary>
internal sealed partial class ConnectionsOptions
{
    /// <summary>Where providers send people back to: <c>Portal:PublicUrl</c>. Null takes the request's own host, in Development only.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary><c>Connections:JournalFolder</c>: holds renewed tokens, encrypted, while the database cannot be written.</summary>
    public required string JournalFolder { get; init; }

    public IReadOnlyDictionary<string, ProviderOptions> Providers { get; init; } = new Dictionary<string, ProviderOptions>(StringComparer.Ordinal);

    public static ConnectionsOptions Read(IConfiguration configuration, IHostEnvironment environment)
    {
        var publicUrl = configuration["Portal:PublicUrl"] ?? configuration["Oidc:PublicUrl"];
        var options = new ConnectionsOptions
        {
            PublicUrl = Uri.TryCreate(publicUrl, UriKind.Absolute, out var url) ? url : null,
            JournalFolder = configuration["Connections:JournalFolder"]
                ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "McpPortal", "refresh-journal"),
            Providers = configuration.GetSection("Providers").Get<Dictionary<string, ProviderOptions>>() ?? [],
        };
        var errors = options.Errors(publicUrl, environment).ToArray();
        return errors.Length == 0 ? options : throw new Microsoft.Extensions.Options.OptionsValidationException("Connections", typeof(ConnectionsOptions), errors);
    }

    private IEnumerable<string> Errors(string? publicUrl, IHostEnvironment environment)
    {
        if (Providers.Count > 0 && PublicUrl is null && !environment.IsDevelopment())
        {
            yield return publicUrl is null
                ? "Portal:PublicUrl is missing. Write the address of this portal, such as 'https://portal.example': providers send people back to it."
                : $"Portal:PublicUrl is '{publicUrl}'. Write the address of this portal, such as 'https://portal.example'.";
        }

        foreach (var (slug, provider) in Providers)
        {
            var key = $"Providers:{slug}";
            if (!SlugPattern().IsMatch(slug))
            {
                yield return $"{key}: the name is part of addresses. Write small letters, digits and hyphens only.";
            }

            if (string.IsNullOrWhiteSpace(provider.ClientId))
            {
                yield return $"{key}:ClientId is missing. Write the client id of the OAuth app that you registered.";
            }

            var defaults = ProviderOptions.DefaultsOf(slug);
            if (SampleSecret.IsRefused(provider.ClientSecret, provider.TokenEndpoint ?? defaults.TokenEndpoint, environment.IsDevelopment()))
            {
                yield return $"{key}:ClientSecret is a sample that everybody knows. Write the secret of your own OAuth app.";
            }

            foreach (var (name, value, required) in new[]
            {
                (nameof(provider.AuthorizationEndpoint), provider.AuthorizationEndpoint ?? defaults.AuthorizationEndpoint, true),
                (nameof(provider.TokenEndpoint), provider.TokenEndpoint ?? defaults.TokenEndpoint, true),
                (nameof(provider.UserInfoEndpoint), provider.UserInfoEndpoint ?? defaults.UserInfoEndpoint, true),
                (nameof(provider.RevocationEndpoint), provider.RevocationEndpoint ?? defaults.RevocationEndpoint, false),
            })
            {
                if (!IsEndpoint(value, required, environment))
                {
                    yield return value is null
                        ? $"{key}:{name} is missing. Write the address from the provider's documentation."
                        : $"{key}:{name} is '{value}'. Write an https address.";
                }
            }
        }
    }

    /// <summary>Plain http is for stand-ins on this machine while developing.</summary>
    private static bool IsEndpoint(string? value, bool required, IHostEnvironment environment) =>
        string.IsNullOrEmpty(value)
            ? !required
            : Uri.TryCreate(value, UriKind.Absolute, out var url)
                && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback && !environment.IsProduction()))
                && url.UserInfo.Length == 0;

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}$", RegexOptions.None, 1000)]
    private static partial Regex SlugPattern();
}
