using McpPortal.Data;
using McpPortal.Sessions;

namespace McpPortal.Admin;

internal static class AdminSetup
{
    public static void AddAdmin(this IServiceCollection services)
    {
        services.AddSingleton<RoleCheck>();
        services.AddSingleton<PeopleAdmin>();
        services.AddSingleton<SessionsAdmin>();
        services.AddSingleton<ProgramsAdmin>();
        services.AddSingleton(provider =>
        {
            var sessions = provider.GetRequiredService<SessionPool>();
            return new DashboardQueries(
                provider.GetRequiredService<PortalDatabase>(), provider.GetRequiredService<RoleCheck>(), () => sessions.Live.Count, provider.GetRequiredService<TimeProvider>());
        });
    }
}
