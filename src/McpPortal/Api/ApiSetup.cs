namespace McpPortal.Api;

internal static class ApiSetup
{
    public static void AddApi(this IServiceCollection services)
    {
        services.AddSingleton<ApiUser>();
        services.AddOpenApi(ApiRoutes.Document);
    }
}
