using System.CommandLine;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

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
        catch (Exception e) when (e is DbException or DbUpdateException or OptionsValidationException or InvalidOperationException)
        {
            // The sentence, not the stack: an operator can act on the one only.
            await Console.Error.WriteLineAsync(e is OptionsValidationException options ? string.Join(Environment.NewLine, options.Failures) : (e.InnerException ?? e).Message);
            return 1;
        }
    }
}
