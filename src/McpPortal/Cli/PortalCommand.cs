using System.CommandLine;

namespace McpPortal.Cli;

/// <summary>The command line, <c>portal …</c>. Without a command it serves.</summary>
internal static class PortalCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("McpPortal: everybody's MCP servers, each person with their own credentials.")
        {
            ServeCommand.Create(),
            MigrateCommand.Create(),
            KeysCommand.Create(),
            AccessKeyCommand.Create(),
            UserCommand.Create(),
        };
        root.SetAction((_, cancellationToken) => ServeCommand.RunAsync([], cancellationToken));
        var parsed = root.Parse(args);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (CliException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return e.ExitCode;
        }
    }
}
