using System.Diagnostics;
using System.Text.Json.Nodes;
using McpPortal.Tests.Rig;

namespace McpPortal.BrowserTests.Portal;

/// <summary>A real MCP client that knows only the configuration which the Access page shows.</summary>
internal static class ConfiguredClient
{
    /// <summary>Lists the tools and calls one. The configuration goes over standard input: it holds a key.</summary>
    public static async Task<(IReadOnlyList<string> Tools, string Text)> CallAsync(string configuration, string tool)
    {
        using var process = Process.Start(new ProcessStartInfo(
            Repository.Node, [Path.Combine(Repository.Root, "tests", "peers", "configured-client.mjs"), tool])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        await process.StandardInput.WriteAsync(configuration);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"The client ended with {process.ExitCode}: {await errors}");
        var seen = JsonNode.Parse(output)!;
        Assert.False((bool)seen["isError"]!, output);
        return ([.. seen["tools"]!.AsArray().Select(name => (string)name!)], (string)seen["text"]!);
    }
}
