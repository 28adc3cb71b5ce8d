using System.CommandLine;
using McpPortal.Data;

namespace McpPortal.Cli;

/// <summary><c>portal migrate</c>: schema, roles and row-level security.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var command = new Command("migrate", "Bring the database up to date: tables, roles, row-level security.");
        command.SetAction(async (_, cancellationToken) =>
        {
            var options = DatabaseOptions.Read(CliHost.Configuration());
            var before = await Migrator.IsBehindAsync(options, cancellationToken);
            await Migrator.MigrateAsync(options, cancellationToken);
            Console.WriteLine(before ? "The database is up to date now." : "The database was up to date.");
            return 0;
        });
        return command;
    }
}
