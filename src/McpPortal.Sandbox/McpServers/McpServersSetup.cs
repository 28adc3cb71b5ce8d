namespace McpPortal.Sandbox.McpServers;

internal static class McpServersSetup
{
    public static void Add(IServiceCollection services) => services
        .AddSingleton<GitHubServer>()
        .AddSingleton<WhoamiServer>();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<GitHubServer>().Map(routes);
        routes.ServiceProvider.GetRequiredService<WhoamiServer>().Map(routes);
        VaultDemoServer.Map(routes);
    }
}
