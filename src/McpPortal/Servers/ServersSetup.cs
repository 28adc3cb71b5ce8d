namespace McpPortal.Servers;

internal static class ServersSetup
{
    public static void AddServers(this IServiceCollection services) => services.AddSingleton<ServerCatalog>();
}
