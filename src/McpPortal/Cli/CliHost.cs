using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Vault;

namespace McpPortal.Cli;

/// <summary>Configuration and services for commands that do not serve.</summary>
internal static class CliHost
{
    public static IConfiguration Configuration() => Builder().Configuration;

    /// <summary>Services of the lower floors, with the vault opened. Throws <see cref="CliException"/> while it is sealed.</summary>
    public static async Task<ServiceProvider> OpenAsync(CancellationToken cancellationToken)
    {
        var services = Services();
        var ring = services.GetRequiredService<KeyRing>();
        await ring.OpenAsync(cancellationToken);
        if (services.GetRequiredService<VaultState>().Reason is { } reason)
        {
            await services.DisposeAsync();
            throw new CliException($"The vault is sealed. {reason}");
        }

        return services;
    }

    /// <summary>Services of the lower floors with the vault as it is.</summary>
    public static ServiceProvider Services()
    {
        var builder = Builder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddData(builder.Configuration);
        builder.Services.AddVault(builder.Configuration, builder.Environment);
        builder.Services.AddAudit();
        builder.Services.AddCoordination();
        builder.Services.AddUsers(builder.Configuration);
        builder.Services.AddSingleton<AccessKeys>();
        return builder.Services.BuildServiceProvider();
    }

    private static HostApplicationBuilder Builder() => Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
    {
        EnvironmentName = Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT"),
    });
}
