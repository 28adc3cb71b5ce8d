using McpPortal.Accounts.Jwt;
using McpPortal.Accounts.Oidc;
using McpPortal.Outbound;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace McpPortal.Accounts;

internal static class AccountsSetup
{
    public static void AddAccounts(this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        services.AddUsers(configuration);
        services.AddSingleton<IValidateOptions<OidcSettings>, OidcSettingsCheck>();
        services.AddOptions<OidcSettings>().ValidateOnStart();
        services.AddOptions<AccountsOptions>().ValidateOnStart();
        services.AddSingleton<JwtVerifier>();
        services.AddSingleton<OidcProvider>();
        services.AddSingleton<OidcTokens>();
        services.AddSingleton<LogoutTokens>();
        services.AddSingleton<AccountStates>();
        services.AddScoped<AccountEvents>();
        services.AddScoped<SignInCookie>();
        services.AddSingleton<MyProfile>();
        services.AddScoped<AuthenticationStateProvider, LiveAuthState>();
        services.AddAuthentication(PortalPrincipal.SignInScheme)
            .AddCookie(PortalPrincipal.SignInScheme, options => ConfigureCookie(options, environment))
            .AddOAuth<OidcOptions, OidcHandler>(OidcHandler.SchemeName, options => Configure(options, environment));
        services.AddAuthorizationBuilder()
            .AddPolicy("Admin", policy => policy.RequireRole(PortalClaims.AdminRole))
            .AddPolicy("Auditor", policy => policy.RequireRole(PortalClaims.AdminRole, PortalClaims.AuditorRole));
        services.AddOptions<CookieAuthenticationOptions>(PortalPrincipal.SignInScheme)
            .Configure<IOptions<AccountsOptions>>((cookie, accounts) => cookie.ExpireTimeSpan = accounts.Value.IdleTimeout);
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
        services.TryAddSingleton<Users>();
        services.TryAddSingleton<SignIns>();
    }

    private static void ConfigureCookie(CookieAuthenticationOptions options, IHostEnvironment environment)
    {
        options.Cookie.Name = Name("portal-session", environment);
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = Policy(environment);
        options.Cookie.Path = "/";
        options.SlidingExpiration = true;
        options.LoginPath = "/signin";
        options.AccessDeniedPath = "/not-allowed";
        options.ReturnUrlParameter = "returnUrl";
        options.EventsType = typeof(SignInCookie);
    }

    private static void Configure(OidcOptions options, IHostEnvironment environment)
    {
        options.CallbackPath = "/signin-oidc";
        options.UsePkce = true;
        options.SaveTokens = false;
        options.SignInScheme = PortalPrincipal.SignInScheme;
        options.RemoteAuthenticationTimeout = TimeSpan.FromMinutes(10);
        options.EventsType = typeof(AccountEvents);
        options.CorrelationCookie.Name = Name("portal-signin.", environment);
        options.CorrelationCookie.Path = "/";
        options.CorrelationCookie.SameSite = SameSiteMode.Lax;
        options.CorrelationCookie.SecurePolicy = Policy(environment);
    }

    /// <summary>The prefix and Secure need https, which a portal on loopback in development does not have.</summary>
    private static string Name(string name, IHostEnvironment environment) => environment.IsDevelopment() ? name : $"__Host-{name}";

    private static CookieSecurePolicy Policy(IHostEnvironment environment) => environment.IsDevelopment() ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;

    private sealed class Check : IValidateOptions<AccountsOptions>
    {
        public ValidateOptionsResult Validate(string? name, AccountsOptions options)
        {
            var errors = options.Errors().ToArray();
            return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
