using Microsoft.AspNetCore.Authentication;

namespace McpPortal.Clients;

internal static class ClientsSetup
{
    public static void AddClients(this IServiceCollection services)
    {
        services.AddSingleton<AccessKeys>();
        services.AddSingleton<AccessKeyUses>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessKeyUses>());
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, AccessKeyHandler>(AccessKeyHandler.SchemeName, null);
    }
}
