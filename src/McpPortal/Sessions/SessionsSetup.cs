using McpPortal.Sessions.Registry;
using McpPortal.Sessions.Stdio;

namespace McpPortal.Sessions;

internal static class SessionsSetup
{
    public static void AddSessions(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection("Sessions").Get<SessionsOptions>() ?? new SessionsOptions();
        options.Validate();
        services.AddSingleton(options);
        services.AddStdio(configuration);
        services.AddRegistry(configuration);
        services.AddSingleton<CredentialResolver>();
        services.AddSingleton<CredentialInjector>();
        services.AddSingleton<CredentialScrubber>();
        services.AddHostedService<QuietTraces>();
        services.AddSingleton<UpstreamNews>();
        services.AddSingleton<SessionOpener>();
        services.AddSingleton<SessionPool>();
        services.AddHostedService<SessionSweeper>();
    }
    private static void AddRegistry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(ClientSessionOptions.Read(configuration));
        services.AddSingleton<ClientSessions>();
        services.AddSingleton<ClientSessionWriter>();
        services.AddSingleton<ClientSessionSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<ClientSessionSweeper>());
    }
}
