using Microsoft.AspNetCore.Authorization;
using Radzen;

namespace McpPortal.Ui;

/// <summary>Registers and maps the pages.</summary>
internal static class UiSetup
{
    public static void AddUi(this IServiceCollection services, bool plainHttp)
    {
        services.AddRazorComponents().AddInteractiveServerComponents(options => options.DetailedErrors = false)
            .AddHubOptions(options => options.MaximumReceiveMessageSize = 512 * 1024); // arguments that are typed as JSON; the default is 32 KB
        services.AddCascadingAuthenticationState();
        services.AddRadzenComponents();
        services.AddSingleton<FormTargets>();
        services.AddSingleton<PublicUrl>();
        services.AddAntiforgery(options =>
        {
            // The __Host- prefix needs https, which a portal on loopback, in development or for a single user, does not have.
            options.Cookie.Name = plainHttp ? "portal-antiforgery" : "__Host-portal-antiforgery";
            options.Cookie.SecurePolicy = plainHttp ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.SuppressXFrameOptionsHeader = true;
        });
    }

    public static void MapUi(this WebApplication app)
    {
        app.MapStaticAssets().AllowAnonymous();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(options =>
        {
            options.ContentSecurityFrameAncestorsPolicy = null; // the security headers say it for every answer
            options.DisableWebSocketCompression = true; // secrets beside text of others in one compressed stream can be guessed (CRIME)
        }).Add(endpoint =>
        {
            // Circuits are for people who are signed in; pages say for themselves who may see them.
            if (endpoint is RouteEndpointBuilder { RoutePattern.RawText: { } path } && path.TrimStart('/').StartsWith(CircuitOrigin.Path[1..], StringComparison.Ordinal))
            {
                endpoint.Metadata.Add(new AuthorizeAttribute());
            }
        });
    }
}
