using System.Runtime.InteropServices;
using McpPortal.Data;
using Microsoft.Extensions.Options;

namespace McpPortal.Servers;

/// <summary>The servers that the portal knows by itself. With the sandbox on, their addresses are the sandbox's.</summary>
internal sealed class BuiltInTemplates(IOptions<ServersOptions> options, IConfiguration configuration)
{
    private static readonly string[] MailScopes = ["https://www.googleapis.com/auth/gmail.readonly", "https://www.googleapis.com/auth/gmail.send"];
    private static readonly string[] NodePaths = ["/usr/bin/node", "/usr/local/bin/node", "/opt/homebrew/bin/node"];

    private readonly SeedOptions _seed = options.Value.Seed;

    /// <summary>Base address of the sandbox; null when it is off.</summary>
    public string? SandboxUrl { get; } = configuration["Sandbox:Url"]?.TrimEnd('/');

    /// <summary>The templates of a sandbox's first catalogue, in the order in which they are added.</summary>
    public static IReadOnlyList<string> Seeded { get; } = ["email", "github", "everything", "everything-stdio", "filesystem", "whoami", "whoami-stdio", "vault-demo"];

    public IEnumerable<ServerTemplate> All =>
    [
        new()
        {
            Key = "email",
            Name = "E-mail",
            Description = "Reads, searches and sends mail through Gmail, as whoever calls.",
            Transport = ServerTransport.Http,
            Url = configuration["Sandbox:EmailUrl"] is { Length: > 0 } url ? $"{url.TrimEnd('/')}/mcp" : null,
            Credentials = [Account("gmail", "google", MailScopes, CredentialPlacement.Bearer, "Gmail")],
        },
        new()
        {
            Key = "email-stdio",
            Name = "E-mail (own process)",
            Description = "The same tools in a process of one's own for each person.",
            Transport = ServerTransport.Stdio,
            CommandLine = DotNet(_seed.EmailProgram, "McpPortal.EmailServer", "--stdio"),
            Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["Gmail__BaseUrl"] = SandboxUrl is null ? "https://gmail.googleapis.com" : $"{SandboxUrl}/google" },
            Credentials = [Account("gmail", "google", MailScopes, CredentialPlacement.Environment, "Gmail") with { Target = "GMAIL_ACCESS_TOKEN" }],
        },
        new()
        {
            Key = "github",
            Name = "GitHub",
            Description = "Repositories and issues, as whoever calls.",
            Transport = ServerTransport.Http,
            Url = SandboxUrl is null ? "https://api.githubcopilot.com/mcp/" : $"{SandboxUrl}/mcp/github",
            Credentials = [Account("github", "github", ["repo", "read:user"], CredentialPlacement.Bearer, "GitHub")],
        },
        new()
        {
            Key = "everything",
            Name = "Everything",
            Description = "Shows every feature of the protocol; for trying out.",
            Transport = ServerTransport.Http,
            Url = configuration["Sandbox:EverythingUrl"] is { Length: > 0 } everything ? $"{everything.TrimEnd('/')}/mcp" : null,
        },
        new()
        {
            Key = "everything-stdio",
            Name = "Everything (own process)",
            Description = "Shows every feature of the protocol, in a process of one's own.",
            Transport = ServerTransport.Stdio,
            CommandLine = Node("server-everything", "stdio"),
        },
        new()
        {
            Key = "filesystem",
            Name = "Files (own process)",
            Description = "Reads and writes files in the temporary folder of a process of one's own.",
            Transport = ServerTransport.Stdio,
            CommandLine = Node("server-filesystem", "/tmp"),
        },
        .. SandboxUrl is null ? [] : Samples(SandboxUrl),
    ];

    private IEnumerable<ServerTemplate> Samples(string sandbox) =>
    [
        new()
        {
            Key = "whoami",
            Name = "Who am I",
            Description = "Answers with a hash of the credential it saw; shows that everybody calls as themselves.",
            Transport = ServerTransport.Http,
            Url = $"{sandbox}/mcp/whoami",
            Credentials = [Secret("token", CredentialPlacement.Header, "X-Whoami-Token", "Token")],
        },
        new()
        {
            Key = "whoami-stdio",
            Name = "Who am I (own process)",
            Description = "The same in a process of one's own.",
            Transport = ServerTransport.Stdio,
            CommandLine = DotNet(_seed.SandboxProgram, "McpPortal.Sandbox", "--stdio", "whoami"),
            Credentials = [Secret("token", CredentialPlacement.Environment, "WHOAMI_TOKEN", "Token")],
        },
        new()
        {
            Key = "vault-demo",
            Name = "Vault (demo)",
            Description = "Wants an API key of at least 8 characters in a header, and shows made-up entries for it.",
            Transport = ServerTransport.Http,
            Url = $"{sandbox}/mcp/vault-demo",
            Credentials = [Secret("api-key", CredentialPlacement.Header, "X-Api-Key", "API key")],
        },
    ];

    private static CredentialNeed Account(string name, string provider, IReadOnlyList<string> scopes, CredentialPlacement placement, string label) =>
        new() { Name = name, Source = CredentialSource.Connection, Provider = provider, Scopes = scopes, Placement = placement, Label = label };

    private static CredentialNeed Secret(string name, CredentialPlacement placement, string target, string label) =>
        new() { Name = name, Source = CredentialSource.Secret, Placement = placement, Target = target, Label = label };

    // Through the runtime that runs the portal: a child has no environment by which an app host could find one.
    private static string[] DotNet(string? configured, string project, params string[] arguments) =>
        [Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet")), configured ?? Beside(project), .. arguments];

    /// <summary>…/src/McpPortal/bin/Release/net10.0 → …/src/PROJECT/bin/Release/net10.0/PROJECT.dll</summary>
    private static string Beside(string project)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var source = framework.Parent?.Parent?.Parent?.Parent?.FullName ?? framework.FullName;
        return Path.Combine(source, project, "bin", framework.Parent?.Name ?? "", framework.Name, $"{project}.dll");
    }

    /// <summary>A server of the protocol's own project, as npm put it there.</summary>
    private string[] Node(string package, params string[] arguments) =>
        [_seed.Node ?? Array.Find(NodePaths, File.Exists) ?? NodePaths[0], Path.Combine(Peers(), "node_modules", "@modelcontextprotocol", package, "dist", "index.js"), .. arguments];

    private string Peers() => Path.GetFullPath(_seed.PeersPath ?? Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "tests", "peers"));
}
