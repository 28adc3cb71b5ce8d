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
            // By position, as the binder counts them: entries may bear any numbers, also names.
            foreach (var (position, child) in section.GetChildren().Index())
            {
                if (child[nameof(IssuerSettings.Issuer)] is { } issuer && !string.IsNullOrEmpty(child[nameof(IssuerSettings.ClientId)]) && issuer.TrimEnd('/') != authority.TrimEnd('/'))
                {
                    all.Add(new LinkableIssuer(issuer, AddScheme(services, position, cookies)));
                }
            }
        }

        services.AddSingleton(new LinkableIssuers(all));
        services.AddSingleton<IssuerLinks>();
        services.AddScoped<LinkEvents>();
    }

    private static string AddScheme(IServiceCollection services, int position, Action<OidcOptions> cookies)
    {
        var scheme = string.Create(CultureInfo.InvariantCulture, $"link-{position}");
        var path = string.Create(CultureInfo.InvariantCulture, $"/signin-link/{position}");
        services.AddKeyedSingleton(scheme, (provider, _) => Client(provider, provider.GetRequiredService<IOptions<AccessOptions>>().Value.Issuers[position]));
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
