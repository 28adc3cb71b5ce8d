using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace McpPortal.Clients;

/// <summary>Writes what AI clients need to know of the portal, each in the form that it documents.</summary>
internal static class ClientSetups
{
    /// <summary>The environment variable from which clients take the key where no key is written down.</summary>
    public const string KeyVariable = "MCPP_KEY";

    private const string VsCodeInput = "mcpportal-key";
    private const string PasteHere = "PASTE-YOUR-ACCESS-KEY";
    private const string HoldsKey = "It holds your key, so keep it out of files that others see.";

    // The texts are shown by the page, which escapes for HTML; quotes and plus signs stay readable.
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<ClientGuide> For(ClientTarget target) => [VsCode(target), Cursor(target), ClaudeCode(target), ClaudeDesktop(target), Other(target)];

    private static ClientGuide VsCode(ClientTarget target)
    {
        var prompt = $"${{input:{VsCodeInput}}}";
        var file = new JsonObject { ["servers"] = new JsonObject { [target.Name] = Http(target, target.Bearer(prompt)) } };
        if (target.Key is null)
        {
            file.Insert(0, "inputs", Inputs());
        }

        // In links the JSON is plain ASCII: Cursor reads base64 as single bytes, and VS Code decodes what follows the question mark twice.
        var install = Http(target, $"Bearer {prompt}");
        install.Insert(0, "name", target.Name);
        install.Add("inputs", Inputs());
        return new ClientGuide("vscode", "VS Code", new ClientSnippet(
            "mcp.json",
            "Run “MCP: Open User Configuration” from the Command Palette and paste it there. " + (target.Key is null ? "VS Code asks for the key at the first start and remembers it." : HoldsKey),
            file.ToJsonString(Readable)))
        {
            InstallLink = "vscode:mcp/install?" + Uri.EscapeDataString(install.ToJsonString()),
            InstallNote = "VS Code asks for the access key when it first starts the server.",
        };
    }

    private static ClientGuide Cursor(ClientTarget target)
    {
        const string Variable = $"${{env:{KeyVariable}}}";
        var install = Convert.ToBase64String(Encoding.UTF8.GetBytes(Remote(target, $"Bearer {Variable}").ToJsonString()));
        return new ClientGuide("cursor", "Cursor", new ClientSnippet(
            "~/.cursor/mcp.json",
            target.Key is null ? $"Paste it there. Cursor takes the key from the environment variable {KeyVariable} that it is started with." : $"Paste it there. {HoldsKey}",
            Servers(target, Remote(target, target.Bearer(Variable)))))
        {
            InstallLink = $"cursor://anysphere.cursor-deeplink/mcp/install?name={Uri.EscapeDataString(target.Name)}&config={Uri.EscapeDataString(install)}",
            InstallNote = $"Cursor takes the access key from the environment variable {KeyVariable} that it is started with.",
        };
    }

    private static ClientGuide ClaudeCode(ClientTarget target)
    {
        var command = $"claude mcp add --transport http --scope user {target.Name} {target.Address} --header \"Authorization: {target.Bearer($"${KeyVariable}")}\"";
        if (target.Key is not null)
        {
            return new ClientGuide("claude-code", "Claude Code", new ClientSnippet("Command", "Run it once. Claude Code keeps the key in ~/.claude.json, and the shell may keep the command in its history.", command));
        }

        return new ClientGuide(
            "claude-code",
            "Claude Code",
            new ClientSnippet("Command", $"Run it in a shell where {KeyVariable} holds the key (in PowerShell write $env:{KeyVariable}). Claude Code keeps the key in ~/.claude.json.", command),
            new ClientSnippet(".mcp.json", $"For a project that others work on too: everybody sets their own key in {KeyVariable}.", Servers(target, Http(target, $"Bearer ${{{KeyVariable}}}"))));
    }

    private static ClientGuide ClaudeDesktop(ClientTarget target)
    {
        JsonArray arguments = ["-y", "mcp-remote@latest", target.Address, "--header", "Authorization:${AUTH_HEADER}"];
        if (new Uri(target.Address) is { Scheme: "http", Host: not ("localhost" or "127.0.0.1") })
        {
            arguments.Add("--allow-http"); // refused otherwise, but for these two names
        }

        // The header goes through a variable: on Windows a space in an argument would tear it apart.
        var bridge = new JsonObject { ["command"] = "npx", ["args"] = arguments, ["env"] = new JsonObject { ["AUTH_HEADER"] = target.Bearer(PasteHere) } };
        return new ClientGuide("claude-desktop", "Claude Desktop", new ClientSnippet(
            "claude_desktop_config.json",
            "Settings, Developer, Edit Config: paste it there, then restart Claude Desktop. " + (target.Key is null ? $"Put the key in place of {PasteHere}." : HoldsKey),
            Servers(target, bridge)))
        {
            Note = "This file starts programs only, and the app's own connectors take no key. So mcp-remote, a program from npm, passes the messages on; it needs Node.js 18 or later.",
        };
    }

    private static ClientGuide Other(ClientTarget target) => new(
        "other",
        "Other",
        new ClientSnippet("JSON", "The form that most clients read." + (target.Key is null ? $" {KeyVariable} stands for the key; not every client fills it in." : $" {HoldsKey}"), Servers(target, Http(target, target.Bearer($"${{{KeyVariable}}}")))),
        new ClientSnippet("Address", "For clients that ask for an address, with the transport Streamable HTTP.", target.Address),
        new ClientSnippet("Header", "For clients that ask for a header.", $"Authorization: {target.Bearer(PasteHere)}"));

    private static string Servers(ClientTarget target, JsonObject server) => new JsonObject { ["mcpServers"] = new JsonObject { [target.Name] = server } }.ToJsonString(Readable);

    private static JsonObject Http(ClientTarget target, string authorization)
    {
        var server = Remote(target, authorization);
        server.Insert(0, "type", "http");
        return server;
    }

    private static JsonObject Remote(ClientTarget target, string authorization) => new() { ["url"] = target.Address, ["headers"] = new JsonObject { ["Authorization"] = authorization } };

    private static JsonArray Inputs() => [new JsonObject { ["type"] = "promptString", ["id"] = VsCodeInput, ["description"] = "Access key of McpPortal", ["password"] = true }];
}
