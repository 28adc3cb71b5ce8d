using McpPortal.Accounts.Jwt;
using McpPortal.Accounts.Oidc;
using McpPortal.Outbound;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace McpPortal.Accounts;

internal static class AccountsSetup
{
    public static void AddAccounts(this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        services.AddUsers(configuration);
        services.AddOptions<AccountsOptions>().ValidateOnStart();
        services.TryAddSingleton<AccountStates>();
        services.AddScoped<AccountEvents>();
        services.AddScoped<SignInCookie>();
        services.AddSingleton<MyProfile>();
        services.AddScoped<AuthenticationStateProvider, LiveAuthState>();
        services.AddScoped<CircuitHandler, CircuitFarewell>();
        services.AddSingleton<CircuitOwners>();
        services.AddSingleton<CircuitDoor>();
        // Components' hub is the only one there is.
        services.Configure<HubOptions>(hubs => hubs.AddFilter<CircuitDoor>());
        var plainHttp = environment.IsDevelopment() || SingleUserMode.Read(configuration).IsOn;
        services.AddAuthentication(PortalPrincipal.SignInScheme).AddCookie(PortalPrincipal.SignInScheme, options => ConfigureCookie(options, plainHttp));
        services.AddAuthorizationBuilder()
            .AddPolicy("Admin", policy => policy.RequireRole(PortalClaims.AdminRole))
            .AddPolicy("Auditor", policy => policy.RequireRole(PortalClaims.AdminRole, PortalClaims.AuditorRole));
        services.AddOptions<CookieAuthenticationOptions>(PortalPrincipal.SignInScheme)
            .Configure<IOptions<AccountsOptions>>((cookie, accounts) => cookie.ExpireTimeSpan = accounts.Value.IdleTimeout);
    }

    /// <summary>Sign-in through the provider; single-user mode goes without.</summary>
    public static void AddOidc(this IServiceCollection services, IHostEnvironment environment)
    {
        services.AddSingleton<IValidateOptions<OidcSettings>, OidcSettingsCheck>();
        services.AddOptions<OidcSettings>().ValidateOnStart();
        services.TryAddSingleton<JwtVerifier>();
        services.AddSingleton<OidcProvider>();
        services.AddSingleton<OidcTokens>();
        services.AddSingleton<LogoutTokens>();
        services.AddKeyedSingleton(OidcHandler.SchemeName, (provider, _) => new OidcClient(provider.GetRequiredService<OidcProvider>(), provider.GetRequiredService<OidcTokens>()));
        services.AddAuthentication().AddOAuth<OidcOptions, OidcHandler>(OidcHandler.SchemeName, options => Configure(options, environment.IsDevelopment()));
        services.AddOptions<OidcOptions>(OidcHandler.SchemeName)
            .Configure<OutboundGuard>((options, guard) => options.Backchannel = guard.Create(OutboundPurpose.SignIn));
    }

    /// <summary>What the command line needs too: accounts without the web.</summary>
    public static void AddUsers(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<OidcSettings>().Bind(configuration.GetSection(OidcSettings.Section))
            .PostConfigure(settings => settings.PublicUrl = configuration["Portal:PublicUrl"] ?? settings.PublicUrl);
        services.AddOptions<AccountsOptions>().Bind(configuration.GetSection(AccountsOptions.Section));
        services.AddSingleton<IValidateOptions<AccountsOptions>, Check>();
        services.AddSingleUser();
        services.TryAddSingleton<Users>();
        services.TryAddSingleton<SignIns>();
    }

    /// <summary>For whoever lets programs in.</summary>
    public static void AddIdleOwners(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(IdleLimit.Read(configuration));
        services.TryAddSingleton<AccountStates>();
        services.AddSingleton<IdleOwners>();
    }

    public static void AddSingleUser(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => SingleUserMode.Read(provider.GetRequiredService<IConfiguration>()));
        services.TryAddSingleton<SingleUserAccount>();
    }

    private static void ConfigureCookie(CookieAuthenticationOptions options, bool plainHttp)
    {
        options.Cookie.Name = Name("portal-session", plainHttp);
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = Policy(plainHttp);
        options.Cookie.Path = "/";
        options.SlidingExpiration = true;
        options.LoginPath = "/signin";
        options.AccessDeniedPath = "/not-allowed";
        options.ReturnUrlParameter = "returnUrl";
        options.EventsType = typeof(SignInCookie);
    }

    private static void Configure(OidcOptions options, bool plainHttp)
    {
        ConfigureProvider(options, plainHttp);
        options.CallbackPath = "/signin-oidc";
        options.EventsType = typeof(AccountEvents);
    }

    /// <summary>What every sign-in at a provider has in common; callback path and events are the caller's.</summary>
    public static void ConfigureProvider(OidcOptions options, bool plainHttp)
    {
        options.UsePkce = true;
        options.SaveTokens = false;
        options.SignInScheme = PortalPrincipal.SignInScheme;
        options.RemoteAuthenticationTimeout = TimeSpan.FromMinutes(10);
        options.CorrelationCookie.Name = Name("portal-signin.", plainHttp);
        options.CorrelationCookie.Path = "/";
        options.CorrelationCookie.SameSite = SameSiteMode.Lax;
        options.CorrelationCookie.SecurePolicy = Policy(plainHttp);
    }

    /// <summary>The prefix and Secure need https, which a portal on loopback, in development or for a single user, does not have.</summary>
    private static string Name(string name, bool plainHttp) => plainHttp ? name : $"__Host-{name}";

    private static CookieSecurePolicy Policy(bool plainHttp) => plainHttp ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;

    private sealed class Check : IValidateOptions<AccountsOptions>
    {
        public ValidateOptionsResult Validate(string? name, AccountsOptions options)
        {
            var errors = options.Errors().ToArray();
            return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
