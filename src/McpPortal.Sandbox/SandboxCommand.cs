using McpPortal.Sandbox.McpServers;

namespace McpPortal.Sandbox;

/// <summary>The command line: <c>[--urls URL] [--auto-consent] [--data-dir DIR]</c>, <c>--stdio whoami</c>, or <c>--forward URL</c>.</summary>
internal static class SandboxCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(Normalise(args)).Build();
        var environment = configuration["ASPNETCORE_ENVIRONMENT"] ?? configuration["DOTNET_ENVIRONMENT"];

        if (configuration["stdio"] is { } server)
        {
            return await StdioServer.RunAsync(server, environment);
        }

        if (configuration["forward"] is { } target)
        {
            return await Forwarder.RunAsync(new Uri(target));
        }

        var options = configuration.GetSection("Sandbox").Get<SandboxOptions>() ?? new SandboxOptions();
        options.Urls = configuration["urls"] ?? options.Urls;
        try
        {
            // An environment that nobody named counts as Production, as it does everywhere in ASP.NET Core.
            await using var app = SandboxApp.Create(options, environment ?? Environments.Production);
            await app.StartAsync();
            await Console.Out.WriteLineAsync($"sandbox ready: {app.SandboxAddress()}");
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (SandboxRefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return 2;
        }
    }

    private static string[] Normalise(string[] args)
    {
        List<string> normal = [];
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--auto-consent":
                    normal.Add("--Sandbox:AutoConsent=true");
                    break;
                case "--data-dir" when i + 1 < args.Length:
                    normal.Add($"--Sandbox:DataDir={args[++i]}");
                    break;
                default:
                    normal.Add(args[i]);
                    break;
            }
        }

        return [.. normal];
    }
}
