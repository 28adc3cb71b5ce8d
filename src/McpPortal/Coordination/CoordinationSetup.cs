namespace McpPortal.Coordination;

internal static class CoordinationSetup
{
    public static void AddCoordination(this IServiceCollection services)
    {
        services.AddSingleton<ThisNode>();
        services.AddSingleton<Invalidations>();
        services.AddSingleton<Leases>();
        services.AddHostedService<InvalidationPoller>();
        services.AddHostedService<Nodes>();
    }
}
