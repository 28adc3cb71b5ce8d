using McpPortal.Accounts;
using Microsoft.AspNetCore.Authentication;

namespace McpPortal.Clients;

internal static class ClientsSetup
{
    public static void AddClients(this IServiceCollection services)
    {
        services.AddSingleUser();
        services.AddSingleton<AccessKeys>();
        services.AddSingleton<AccessKeyGuesses>();
        services.AddSingleton<AccessKeyUses>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessKeyUses>());
        services.AddSingleton<KeySignIn>();
        services.AddSingleton<SingleUserStart>();
        services.AddHostedService(provider => provider.GetRequiredService<SingleUserStart>());
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, AccessKeyHandler>(AccessKeyHandler.SchemeName, null);
    }
}
