using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;

namespace McpPortal.Vault;

internal static class VaultSetup
{
    public static void AddVault(this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        var options = configuration.GetSection("Vault").Get<VaultOptions>() ?? new VaultOptions();
        services.AddSingleton(RootKeyProvider(options, environment));
        services.AddSingleton<VaultState>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<OwnerKeys>();
        services.AddSingleton<SecretVault>();
        services.AddSingleton<Fingerprints>();
        services.AddHostedService<VaultOpener>();
        services.AddSingleton<DataProtectionStore>();
        services.AddDataProtection().SetApplicationName("McpPortal");
        services.AddOptions<KeyManagementOptions>().Configure<DataProtectionStore, KeyRing>((keys, store, ring) =>
        {
            keys.XmlRepository = store;
            keys.XmlEncryptor = new DataProtectionEncryptor(ring);
        });
    }

    /// <summary>The one configured source. Throws at start when there is none, naming the key to set.</summary>
    internal static IRootKeyProvider RootKeyProvider(VaultOptions options, IHostEnvironment environment)
    {
        if (options.RootKeyFile is { Length: > 0 } file)
        {
            return new FileRootKey(file);
        }

        if (options.RootKeyCommand.Count > 0)
        {
            return new CommandRootKey(options.RootKeyCommand, TimeSpan.FromSeconds(options.RootKeyCommandSeconds));
        }

        if (Environment.GetEnvironmentVariable(EnvironmentRootKey.Variable) is null)
        {
            throw new OptionsValidationException("Vault", typeof(VaultOptions), ["Vault:RootKeyFile is missing. Write the path of the root key file; 'infra/portal keys init' makes one."]);
        }

        return environment.IsProduction() && !options.AllowEnvironmentKey
            ? throw new OptionsValidationException("Vault", typeof(VaultOptions), [$"{EnvironmentRootKey.Variable} is readable by other processes of the same account. Use Vault:RootKeyFile, or set Vault:AllowEnvironmentKey to true."])
            : new EnvironmentRootKey();
    }
}
