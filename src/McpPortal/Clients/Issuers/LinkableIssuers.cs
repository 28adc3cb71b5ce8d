using System.Globalization;
using McpPortal.Accounts;
using McpPortal.Accounts.Jwt;
using McpPortal.Accounts.Oidc;
using McpPortal.Outbound;
using Microsoft.Extensions.Options;

namespace McpPortal.Clients.Issuers;

/// <summary>An issuer at which people can show who they are there, so that its tokens stand for them here.</summary>
/// <param name="Issuer">As its tokens write it.</param>
/// <param name="Scheme">Of the sign-in there.</param>
internal sealed record LinkableIssuer(string Issuer, string Scheme);

/// <summary>The issuers that have a client id here. Whoever signs in to the portal with an issuer needs no link to it.</summary>
internal sealed class LinkableIssuers(IReadOnlyList<LinkableIssuer> all)
{
    public IReadOnlyList<LinkableIssuer> All { get; } = all;

    public LinkableIssuer? Find(string issuer) => All.FirstOrDefault(known => known.Issuer == issuer);

    /// <summary>Adds a sign-in scheme for each.</summary>
    public static void Add(IServiceCollection services, IConfiguration configuration, Action<OidcOptions> cookies)
    {
        var all = new List<LinkableIssuer>();
        var section = configuration.GetSection($"{AccessOptions.Section}:{nameof(AccessOptions.Issuers)}");
        var authority = configuration[$"{OidcSettings.Section}:{nameof(OidcSettings.Authority)}"] ?? "";
        if (!SingleUserMode.Read(configuration).IsOn)
        {
            foreach (var child in section.GetChildren().Where(child => !string.IsNullOrEmpty(child[nameof(IssuerSettings.ClientId)]) && !Same(child[nameof(IssuerSettings.Issuer)], authority)))
            {
                var number = int.Parse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture);
                all.Add(new LinkableIssuer(child[nameof(IssuerSettings.Issuer)] ?? "", AddScheme(services, number, cookies)));
            }
        }

        services.AddSingleton(new LinkableIssuers(all));
        services.AddSingleton<IssuerLinks>();
    }

    private static bool Same(string? one, string other) => string.Equals(one?.TrimEnd('/'), other.TrimEnd('/'), StringComparison.Ordinal);

    private static string AddScheme(IServiceCollection services, int number, Action<OidcOptions> cookies)
    {
        var scheme = string.Create(CultureInfo.InvariantCulture, $"link-{number}");
        var path = string.Create(CultureInfo.InvariantCulture, $"/signin-link/{number}");
        services.AddScoped<LinkEvents>();
        services.AddKeyedSingleton(scheme, (provider, _) => Client(provider, provider.GetRequiredService<IOptions<AccessOptions>>().Value.Issuers[number]));
        services.AddAuthentication().AddOAuth<OidcOptions, OidcHandler>(scheme, options =>
        {
            cookies(options);
            options.CallbackPath = path;
            options.SignedOutCallbackPath = $"{path}/out";
            options.EventsType = typeof(LinkEvents);
        });
        services.AddOptions<OidcOptions>(scheme).Configure<OutboundGuard>((options, guard) => options.Backchannel = guard.Create(OutboundPurpose.SignIn));
        return scheme;
    }

    private static OidcClient Client(IServiceProvider services, IssuerSettings issuer)
    {
        var settings = new OidcSettings
        {
            Authority = issuer.Issuer,
            ClientId = issuer.ClientId,
            ClientSecret = issuer.ClientSecret,
            Scopes = ["openid"],
            SigningAlgorithms = issuer.SigningAlgorithms,
            PublicUrl = services.GetRequiredService<IOptions<OidcSettings>>().Value.PublicUrl,
            UserInfo = false,
        };
        var provider = ActivatorUtilities.CreateInstance<OidcProvider>(services, Options.Create(settings));
        return new OidcClient(provider, ActivatorUtilities.CreateInstance<OidcTokens>(services, provider));
    }
}
