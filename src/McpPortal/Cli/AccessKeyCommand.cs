using System.CommandLine;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;

namespace McpPortal.Cli;

/// <summary><c>portal access-key create</c>.</summary>
internal static class AccessKeyCommand
{
    public static Command Create() => new("access-key", "Make access keys for programs.") { CreateKey() };

    private static Command CreateKey()
    {
        var user = new Option<string>("--user") { Description = "Verified e-mail address, or issuer|sub.", Required = true };
        var name = new Option<string>("--name") { Description = "What the owner recognises the key by.", Required = true };
        var readOnly = new Option<bool>("--read-only") { Description = "Only tools that declare themselves read-only." };
        var days = new Option<int?>("--days") { Description = "Days until the key expires; it does not when left out." };
        var command = new Command("create", "Make an access key. It is printed once, alone on the last line.") { user, name, readOnly, days };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var services = await CliHost.OpenAsync(cancellationToken);
            var owner = await UserCommand.FindAsync(services, parsed.GetRequiredValue(user), cancellationToken);
            if (owner.Status != UserStatus.Active)
            {
                throw new CliException($"{owner.Name} is {owner.Status.ToString().ToLowerInvariant()}. Enable the user first.");
            }

            var expires = parsed.GetValue(days) is { } count ? services.GetRequiredService<TimeProvider>().GetUtcNow().AddDays(count) : (DateTimeOffset?)null;
            var key = await services.GetRequiredService<AccessKeys>()
                .CreateAsync(owner.Id, parsed.GetRequiredValue(name), parsed.GetValue(readOnly), null, expires, Actor.CommandLine, cancellationToken)
                ?? throw new CliException($"{owner.Name} has {AccessKeys.MaxPerUser} access keys already. Revoke one first.");
            await Console.Error.WriteLineAsync($"Access key '{parsed.GetRequiredValue(name)}' of {owner.Name}. It is shown only now:");
            Console.WriteLine(key);
            return 0;
        });
        return command;
    }
}
