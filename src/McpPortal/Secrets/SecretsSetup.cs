namespace McpPortal.Secrets;

internal static class SecretsSetup
{
    public static void AddSecrets(this IServiceCollection services)
    {
        services.AddSingleton<SecretCache>();
        services.AddSingleton<SecretUses>();
        services.AddSingleton<SecretStore>();
        services.AddHostedService<SecretUseWriter>();
    }
}
