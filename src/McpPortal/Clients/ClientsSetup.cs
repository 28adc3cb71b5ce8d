using McpPortal.Accounts;
using McpPortal.Accounts.Jwt;
using McpPortal.Clients.ActAs;
using McpPortal.Clients.Issuers;
using McpPortal.Clients.OAuth;
using McpPortal.Ui;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace McpPortal.Clients;

internal static class ClientsSetup
{
    public static void AddClients(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleUser();
        services.AddIdleOwners(configuration);
        services.AddSingleton<AccessKeys>();
        services.AddSingleton<AccessKeyGuesses>();
        services.AddSingleton<AccessKeyUses>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessKeyUses>());
        services.AddSingleton<KeySignIn>();
        services.AddSingleton<SingleUserStart>();
        services.AddHostedService(provider => provider.GetRequiredService<SingleUserStart>());
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, AccessKeyHandler>(AccessKeyHandler.SchemeName, null);
        services.AddOAuthServer(configuration);
        services.AddIssuers(configuration);
        services.AddActAs();
    }

    /// <summary>Sign-ins at other issuers, by which people link them.</summary>
    public static void AddIssuerLinks(this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment) =>
        LinkableIssuers.Add(services, configuration, options => AccountsSetup.ConfigureProvider(options, environment.IsDevelopment()));

    private static void AddActAs(this IServiceCollection services)
    {
        services.AddSingleton<ServiceKeys>();
        services.AddSingleton<ActAsPeople>();
        services.AddSingleton<ActAsConsents>();
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, ServiceKeyHandler>(ServiceKeyHandler.SchemeName, null)
            .AddPolicyScheme(ServiceKeyHandler.RestSchemeName, null, options => options.ForwardDefaultSelector = ServiceKeyHandler.ChooseAtRest);
    }

    private static void AddIssuers(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AccessOptions>().Bind(configuration.GetSection(AccessOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsCheck>();
        services.TryAddSingleton<JwtVerifier>();
        services.AddSingleton<ExternalIssuers>();
        services.AddSingleton<IssuerCallers>();
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, IssuerTokenHandler>(IssuerTokenHandler.SchemeName, null);
    }

    private static void AddOAuthServer(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(ClientsOptions.Read(configuration));
        services.TryAddSingleton<PublicUrl>();
        services.AddSingleton<PortalAddress>();
        services.AddSingleton<McpChallenge>();
        services.AddSingleton<RedirectRules>();
        services.AddSingleton<ClientDocuments>();
        services.AddSingleton<RegisteredClients>();
        services.AddSingleton<Registrations>();
        services.AddSingleton<AuthorizeRequests>();
        services.AddSingleton<ClientGrants>();
        services.AddSingleton<TokenIssuer>();
        services.AddSingleton<CodeExchange>();
        services.AddSingleton<TokenRefresh>();
        services.AddSingleton<ClientTokens>();
        services.AddSingleton<OpenRequests>();
        services.AddSingleton<ClientGrantUses>();
        services.AddHostedService(provider => provider.GetRequiredService<ClientGrantUses>());
        services.AddSingleton<ClientSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<ClientSweeper>());
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, ClientTokenHandler>(ClientTokenHandler.SchemeName, null)
            .AddPolicyScheme(ClientTokenHandler.EitherSchemeName, null, options => options.ForwardDefaultSelector = ClientTokenHandler.Choose);
    }
}
