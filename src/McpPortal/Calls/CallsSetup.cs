using McpPortal.Data;

namespace McpPortal.Calls;

internal static class CallsSetup
{
    public static void AddCalls(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection("Calls").Get<CallsOptions>() ?? new CallsOptions();
        options.Validate();
        services.AddSingleton(options);
        services.AddSingleton<CallQueue>();
        services.AddSingleton<UserSlots>();
        services.AddSingleton<Draining>();
        services.AddSingleton<CallRunner>();
        services.AddSingleton<CallRecorder>();
        services.AddHostedService(provider => provider.GetRequiredService<CallRecorder>());
        services.AddHostedService<CallWorker>();
        services.AddSingleton<UpstreamCallService>();
        services.AddSingleton<ListOwnTools>(provider =>
        {
            var calls = provider.GetRequiredService<UpstreamCallService>();
            return (user, server, cancellationToken) => calls.ListToolsAsync(new Caller(user, CallVia.Console), server, cancellationToken);
        });
        services.AddSingleton<CredentialStates>();
        services.AddSingleton<ActivityQueries>();
    }
}
