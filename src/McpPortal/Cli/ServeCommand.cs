using System.CommandLine;
using McpPortal.Hosting;
using McpPortal.Sessions.Stdio;

namespace McpPortal.Cli;

/// <summary><c>portal serve</c>: runs the portal until it is told to stop. What follows goes to the host as configuration.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var settings = new Argument<string[]>("settings") { Description = "Configuration as --Section:Key=value.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("serve", "Run the portal.") { settings };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, cancellationToken) => RunAsync([.. parsed.GetValue(settings) ?? [], .. parsed.UnmatchedTokens], cancellationToken));
        return command;
    }

    public static async Task<int> RunAsync(string[] settings, CancellationToken cancellationToken)
    {
        await using var app = PortalApp.Build(settings);
        PortalProcess.Harden(app.Environment.IsProduction(), app.Logger);
        await app.StartAsync(cancellationToken);
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}
