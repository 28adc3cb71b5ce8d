using McpPortal.Connections.Providers;

namespace McpPortal.Connections;

/// <summary>Connections of people to OAuth providers.</summary>
internal static class ConnectionsSetup
{
    public static void AddConnections(this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        services.AddSingleton(ConnectionsOptions.Read(configuration, environment));
        services.AddSingleton<ProviderHttp>();
        services.AddSingleton<OAuthClient>();
        services.AddSingleton<ProviderDirectory>();
        services.AddSingleton<ProviderBreaker>();
        services.AddSingleton<Revocations>();
        services.AddSingleton<GrantWriter>();
        services.AddSingleton<ConnectFlow>();
        services.AddSingleton<GrantCache>();
        services.AddSingleton<ConnectionUse>();
        services.AddSingleton<RefreshJournal>();
        services.AddSingleton<TokenSaver>();
        services.AddSingleton<RefreshLease>();
        services.AddSingleton<RefreshRecord>();
        services.AddSingleton<Refresher>();
        services.AddSingleton<RefreshGate>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<MyConnections>();
        services.AddHostedService<ProviderSeeder>();
        services.AddSingleton<TokenRefresher>();
        services.AddHostedService(provider => provider.GetRequiredService<TokenRefresher>());
    }
}
