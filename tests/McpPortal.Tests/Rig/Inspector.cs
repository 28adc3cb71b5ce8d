using System.Text.RegularExpressions;

namespace McpPortal.Tests.Rig;

/// <summary>The MCP Inspector's command line: a real client that keeps what it was given in a folder of its own.</summary>
internal sealed partial class Inspector(Uri endpoint, string era)
{
    private readonly string _home = Directory.CreateTempSubdirectory("inspector-").FullName;

    /// <summary>Its first run; the folder goes when it is disposed.</summary>
    public ChildProcess Begin(params string[] arguments) => Start(_home, arguments);

    /// <summary>A further one, which asks nobody.</summary>
    public ChildProcess Again(params string[] arguments) => Start(null, ["--stored-auth-only", .. arguments]);

    /// <summary>What its first run wants opened in a browser.</summary>
    public static async Task<Uri> WantsOpenedAsync(ChildProcess first, CancellationToken cancellationToken) =>
        new(AuthorizeAddress().Match(await first.WaitForLineAsync("/authorize?", cancellationToken: cancellationToken)).Value);

    private ChildProcess Start(string? scratch, string[] arguments) => ChildProcess.Start(
        Repository.Node,
        [
            Path.Combine(Repository.Peers, "@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js"), "--cli", endpoint.AbsoluteUri,
            "--transport", "http", "--protocol-era", era, "--format", "json", .. arguments,
        ],
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["HOME"] = _home, ["BROWSER"] = "true", ["MCP_AUTO_OPEN_ENABLED"] = "true", ["MCP_INSPECTOR_SECRET_STORE"] = "file" },
        scratch: scratch);

    [GeneratedRegex("""https?://[^\s"]+/authorize\?[^\s"]+""", RegexOptions.None, 1000)]
    private static partial Regex AuthorizeAddress();
}
