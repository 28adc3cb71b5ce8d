namespace McpPortal.Sessions.Stdio;

/// <summary>Registration of the programs that are tool servers.</summary>
internal static class StdioSetup
{
    public static IServiceCollection AddStdio(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection(StdioOptions.Section).Get<StdioOptions>() ?? new StdioOptions();
        var mistakes = options.Mistakes().ToList();
        if (mistakes.Count > 0)
        {
            throw new InvalidOperationException(string.Join(Environment.NewLine, mistakes));
        }

        services.AddSingleton(options);
        services.AddSingleton<ProcessHost>();
        services.AddHostedService(provider => provider.GetRequiredService<ProcessHost>());
        services.AddSingleton<StdioTransports>();
        return services;
    }
}
