namespace McpPortal.Gateway;

internal static class GatewaySetup
{
    public static void AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(GatewayOptions.Read(configuration));
        services.AddSingleton<GatewayAnswers>();
        services.AddSingleton<GatewayHandlers>();
        services.AddSingleton<GatewaySessions>();
    }
}
