namespace McpPortal.Gateway;

internal static class GatewaySetup
{
    public static void AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(GatewayOptions.Read(configuration));
        services.AddSingleton<GatewayAnswers>();
        services.AddSingleton<GatewayServing>();
        services.AddSingleton<Connecting>();
        services.AddSingleton<HeldCalls>();
        services.AddSingleton<GatewayCalls>();
        services.AddSingleton<Listening>();
        services.AddSingleton<SessionSubscriptions>();
        services.AddSingleton<StandingNews>();
        services.AddSingleton<OneServer>();
        services.AddSingleton<AllServers>();
        services.AddSingleton<MergedLists>();
        services.AddSingleton<ToolsetLists>();
        services.AddSingleton<ToolsetSearch>();
        services.AddSingleton<OneToolset>();
        services.AddSingleton<SessionRows>();
        services.AddSingleton<GatewaySessions>();
        services.AddHostedService<SessionReports>();
    }
}
