using System.CommandLine;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Cli;

/// <summary><c>portal keys init|status|verify</c>.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "Make, inspect and check the keys.") { Init(), Status(), Verify() };

    private static Command Init()
    {
        var file = new Option<string?>("--file") { Description = "Where to write the key; Vault:RootKeyFile when left out." };
        var command = new Command("init", "Make a root key file (mode 0400). Refuses to overwrite.") { file };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file) ?? CliHost.Configuration()["Vault:RootKeyFile"]
                ?? throw new CliException("Say where with --file, or set Vault:RootKeyFile.", exitCode: 2);
            if (File.Exists(path))
            {
                throw new CliException($"{path} exists already. A new root key could not read existing data, so it stays.", exitCode: 2);
            }

            using var key = FileRootKey.Create(path);
            Console.WriteLine($"Root key {key.Fingerprint} written to {path}. Keep a copy apart from the database: without it nothing can be decrypted.");
            return 0;
        });
        return command;
    }

    private static Command Status()
    {
        var command = new Command("status", "Show the vault, the ring and how many keys it wraps.");
        command.SetAction(async (_, cancellationToken) =>
        {
            await using var services = CliHost.Services();
            await services.GetRequiredService<KeyRing>().OpenAsync(cancellationToken);
            var state = services.GetRequiredService<VaultState>();
            Console.WriteLine(state.Reason is { } reason ? $"sealed: {reason}" : $"open, with the {services.GetRequiredService<IRootKeyProvider>().Description}");
            await using var scope = await services.GetRequiredService<PortalDatabase>().ForSystemAsync(cancellationToken);
            foreach (var key in await scope.Db.KeyRing.OrderBy(k => k.Purpose).ThenBy(k => k.CreatedAt).ToListAsync(cancellationToken))
            {
                var wraps = await scope.Db.OwnerKeys.CountAsync(k => k.RingKeyId == key.Id, cancellationToken);
                Console.WriteLine($"{key.Id}  {key.Purpose,-14}  {key.State,-11}  root {key.RootFingerprint}  owners {wraps}");
            }

            return state.IsSealed ? 1 : 0;
        });
        return command;
    }

    private static Command Verify()
    {
        var command = new Command("verify", "Decrypt every encrypted record and report what cannot be.");
        command.SetAction(async (_, cancellationToken) =>
        {
            await using var services = await CliHost.OpenAsync(cancellationToken);
            var report = await new RecordVerifier(services.GetRequiredService<PortalDatabase>(), services.GetRequiredService<SecretVault>()).VerifyAsync(cancellationToken);
            foreach (var (column, good, bad) in report.Columns)
            {
                Console.WriteLine($"{column,-34} {good,8} readable {bad,6} not readable");
            }

            foreach (var failure in report.Failures)
            {
                Console.WriteLine(failure);
            }

            return report.Failures.Count == 0 ? 0 : 1;
        });
        return command;
    }
}
