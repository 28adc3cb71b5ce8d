namespace McpPortal.Home;

internal static class HomeSetup
{
    public static void AddHome(this IServiceCollection services) => services.AddSingleton<HomeQueries>();
}
