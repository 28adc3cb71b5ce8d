using McpPortal.Calls;
using McpPortal.Servers;

namespace McpPortal.TestConsole;

internal static class TestConsoleSetup
{
    public static void AddTestConsole(this IServiceCollection services) =>
        services.AddSingleton(provider => ConsoleCalls.Over(provider.GetRequiredService<ServerCatalog>(), provider.GetRequiredService<UpstreamCallService>()));
}
