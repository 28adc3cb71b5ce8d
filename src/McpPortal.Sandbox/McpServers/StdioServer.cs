using ModelContextProtocol.Server;

namespace McpPortal.Sandbox.McpServers;

/// <summary><c>--stdio whoami</c>: the same tools in a process of one's own, with the credential from <c>WHOAMI_TOKEN</c>.</summary>
internal static class StdioServer
{
    public const string Variable = "WHOAMI_TOKEN";

    /// <param name="environment">Null is fine here: a child process is given declared variables only, and this one opens no port.</param>
    public static async Task<int> RunAsync(string name, string? environment)
    {
        if (name != "whoami" || string.Equals(environment, Environments.Production, StringComparison.OrdinalIgnoreCase))
        {
            await Console.Error.WriteLineAsync(name == "whoami" ? "The sandbox does not start in Production." : "The only server over stdio is whoami.");
            return 2;
        }

        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } credential)
        {
            await Console.Error.WriteLineAsync($"Set {Variable} to the credential that whoami shall report the hash of.");
            return 2;
        }

        var hash = Randoms.Hash(credential);
        var tools = new WhoamiTools("stdio", _ => new McpCaller(hash, hash), TimeProvider.System);
        await using var transport = new StdioServerTransport(name);
        await using var server = McpServer.Create(transport, SampleServer.Options(name, "Who am I (stdio)", tools.All, stats: null));
        await server.RunAsync();
        return 0;
    }
}
