using System.CommandLine;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Data;

namespace McpPortal.Cli;

/// <summary><c>portal user list|disable|enable|grant-admin</c>.</summary>
internal static class UserCommand
{
    public static Command Create() => new("user", "People: list them, let them in or keep them out, make administrators.")
    {
        List(),
        Change("disable", "Keep a user out: sessions, keys and programs stop within two seconds. Reversible.", (users, id, cancellationToken) => users.DisableAsync(id, Actor.CommandLine, cancellationToken), "disabled"),
        Change("enable", "Let a disabled user in again.", (users, id, cancellationToken) => users.EnableAsync(id, Actor.CommandLine, cancellationToken), "enabled"),
        Change("grant-admin", "Make a user an administrator.", (users, id, cancellationToken) => users.GrantAdminAsync(id, Actor.CommandLine, cancellationToken), "an administrator"),
    };

    /// <summary>Finds the user that an operator names, or ends the command.</summary>
    public static async Task<UserSummary> FindAsync(IServiceProvider services, string name, CancellationToken cancellationToken)
    {
        var users = services.GetRequiredService<Users>();
        var issuer = services.GetRequiredService<IConfiguration>()["Oidc:Authority"] ?? "";
        var one = name == SingleUserMode.Name && services.GetRequiredService<SingleUserMode>().IsOn ? SingleUserMode.User : (UserId?)null;
        return (one ?? await users.FindAsync(name, issuer, cancellationToken)) is { } id
            && (await users.ListAsync(cancellationToken)).FirstOrDefault(user => user.Id == id) is { } found
            ? found
            : throw new CliException($"'{name}' is nobody, or more than one. People appear when they first sign in; name them by verified e-mail address or by 'issuer|sub' ('user list' shows them).", exitCode: 2);
    }

    private static Command List()
    {
        var command = new Command("list", "A line per user: e-mail address, state, roles, last sign-in, id, name.");
        command.SetAction(async (_, cancellationToken) =>
        {
            await using var services = CliHost.Services();
            foreach (var user in await services.GetRequiredService<Users>().ListAsync(cancellationToken))
            {
                var seen = user.LastSignInAt?.ToString("u") ?? "never";
                Console.WriteLine($"{user.Email ?? "-",-32}  {user.Status,-8}  {user.Roles,-14}  {seen,-20}  {user.Id}  {user.Name}");
            }

            return 0;
        });
        return command;
    }

    private static Command Change(string name, string description, Func<Users, UserId, CancellationToken, Task<UserChange>> change, string became)
    {
        var user = new Argument<string>("user") { Description = "Verified e-mail address, or issuer|sub." };
        var command = new Command(name, description) { user };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var services = CliHost.Services();
            var found = await FindAsync(services, parsed.GetRequiredValue(user), cancellationToken);
            var result = await change(services.GetRequiredService<Users>(), found.Id, cancellationToken);
            Console.WriteLine(result switch
            {
                UserChange.Done => $"{found.Name} is now {became}.",
                UserChange.Unchanged => $"{found.Name} was {became} already.",
                UserChange.LastAdmin => throw new CliException($"{found.Name} is the last administrator. Make somebody else one first."),
                _ => throw new CliException($"{found.Name} is gone."),
            });
            return 0;
        });
        return command;
    }
}
