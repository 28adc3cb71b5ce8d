namespace McpPortal.Toolsets;

internal static class ToolsetsSetup
{
    public static void AddToolsets(this IServiceCollection services)
    {
        services.AddSingleton<ToolsetCatalog>();
        services.AddSingleton<ToolsetEditor>();
    }
}
