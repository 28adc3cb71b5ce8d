namespace McpPortal.Data;

internal static class DataSetup
{
    public static void AddData(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(DatabaseOptions.Read(configuration));
        services.AddSingleton<PortalDatabase>();
        services.AddHostedService<DatabaseNotice>();
    }
}
