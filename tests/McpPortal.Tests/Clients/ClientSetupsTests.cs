using System.Text;
using System.Text.Json.Nodes;
using System.Web;
using McpPortal.Clients;
using McpPortal.Tests.Rig;
using McpPortal.Ui;
using Microsoft.Extensions.Configuration;

namespace McpPortal.Tests.Clients;

public sealed class ClientSetupsTests
{
    private const string Portal = "https://portal.example.org";
    private static readonly string Key = AccessKeyText.Generate().Text;

    public static TheoryData<string, string?, bool> Targets { get; } = new(
        from portal in (string[])[Portal, "http://localhost:5080", "http://[::1]:5080", "http://portal.corp:8080", "https://bücher.example:8443"]
        from server in (string?[])[null, "vault-demo"]
        from shown in (bool[])[true, false]
        select (portal, server, shown));

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_file_names_the_address_and_the_key_or_what_stands_for_it(string portal, string? server, bool shown)
    {
        var target = Target(portal, server, shown ? Key : null);
        var bearer = shown ? $"Bearer {Key}" : null;

        var code = Only(JsonNode.Parse(Snippet(target, "vscode"))!, "servers", target);
        Assert.Equal("http", (string?)code["type"]);
        AssertRemote(code, target, bearer ?? "Bearer ${input:mcpportal-key}");
        AssertRemote(Only(JsonNode.Parse(Snippet(target, "cursor"))!, "mcpServers", target), target, bearer ?? "Bearer ${env:MCPP_KEY}");
        var other = Only(JsonNode.Parse(Snippet(target, "other"))!, "mcpServers", target);
        Assert.Equal("http", (string?)other["type"]);
        AssertRemote(other, target, bearer ?? "Bearer ${MCPP_KEY}");
        Assert.Equal(target.Address, Snippet(target, "other", 1));
        Assert.Equal($"Authorization: {bearer ?? "Bearer PASTE-YOUR-ACCESS-KEY"}", Snippet(target, "other", 2));

        // A file for several people holds nobody's key.
        if (shown)
        {
            Assert.Single(Guide(target, "claude-code").Snippets);
            return;
        }

        var project = Only(JsonNode.Parse(Snippet(target, "claude-code", 1))!, "mcpServers", target);
        Assert.Equal("http", (string?)project["type"]);
        AssertRemote(project, target, "Bearer ${MCPP_KEY}");
    }

    [Fact]
    public void VS_Code_asks_for_a_key_that_is_not_written_down()
    {
        var file = JsonNode.Parse(Snippet(Target(Portal, null, null), "vscode"))!;

        AssertPrompt(file["inputs"]!);
        Assert.Null(JsonNode.Parse(Snippet(Target(Portal, null, Key), "vscode"))!["inputs"]);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Install_links_hold_everything_but_the_key(string portal, string? server, bool shown)
    {
        var target = Target(portal, server, shown ? Key : null);

        const string Code = "vscode:mcp/install?";
        var code = Guide(target, "vscode").InstallLink!;
        Assert.StartsWith(Code, code, StringComparison.Ordinal);
        var decoded = Uri.UnescapeDataString(code[Code.Length..]);
        Assert.Equal(decoded, Uri.UnescapeDataString(decoded)); // VS Code decodes twice
        var install = JsonNode.Parse(decoded)!;
        Assert.Equal((target.Name, "http"), ((string?)install["name"], (string?)install["type"]));
        AssertRemote(install, target, "Bearer ${input:mcpportal-key}");
        AssertPrompt(install["inputs"]!);

        var cursor = new Uri(Guide(target, "cursor").InstallLink!);
        Assert.Equal(("cursor", "anysphere.cursor-deeplink", "/mcp/install"), (cursor.Scheme, cursor.Host, cursor.AbsolutePath));
        var query = HttpUtility.ParseQueryString(cursor.Query);
        Assert.Equal(target.Name, query["name"]);
        var config = Convert.FromBase64String(query["config"]!);
        Assert.True(Ascii.IsValid(config)); // atob makes a character of every byte
        AssertRemote(JsonNode.Parse(config)!, target, "Bearer ${env:MCPP_KEY}");

        var links = string.Concat(ClientSetups.For(target).Select(guide => guide.InstallLink + guide.InstallNote + guide.Note)) + decoded + Encoding.ASCII.GetString(config);
        Assert.DoesNotContain(AccessKeyText.Prefix, links, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task The_command_for_Claude_Code_survives_a_shell(string portal, string? server, bool shown)
    {
        var target = Target(portal, server, shown ? Key : null);

        var output = await ChildProcess.RunAsync(
            "bash",
            ["-c", "claude() { printf '%s\\n' \"$@\"; }; " + Snippet(target, "claude-code")],
            TestContext.Current.CancellationToken,
            new Dictionary<string, string?>(StringComparer.Ordinal) { [ClientSetups.KeyVariable] = "from the environment" });

        Assert.Equal(
            ["mcp", "add", "--transport", "http", "--scope", "user", target.Name, target.Address, "--header", $"Authorization: Bearer {(shown ? Key : "from the environment")}"],
            output.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData(Portal, false)]
    [InlineData("http://localhost:5080", false)]
    [InlineData("http://127.0.0.1:5080", false)]
    [InlineData("http://portal.corp:8080", true)]
    public void Claude_Desktop_goes_over_a_bridge_that_gets_the_key_in_its_environment(string portal, bool allowHttp)
    {
        foreach (var key in (string?[])[Key, null])
        {
            var target = Target(portal, "github", key);
            var bridge = Only(JsonNode.Parse(Snippet(target, "claude-desktop"))!, "mcpServers", target);

            Assert.Equal("npx", (string?)bridge["command"]);
            var arguments = bridge["args"]!.AsArray().Select(argument => (string)argument!).ToList();
            string[] expected = ["-y", "mcp-remote@latest", target.Address, "--header", "Authorization:${AUTH_HEADER}", .. allowHttp ? ["--allow-http"] : Array.Empty<string>()];
            Assert.Equal(expected, arguments);
            Assert.All(arguments, argument => Assert.DoesNotContain(' ', argument));
            Assert.Equal($"Bearer {key ?? "PASTE-YOUR-ACCESS-KEY"}", (string?)bridge["env"]!["AUTH_HEADER"]);
        }
    }

    [Fact]
    public void Nothing_that_holds_the_key_prints_it()
    {
        var target = Target(Portal, null, Key);

        Assert.DoesNotContain(Key, target.ToString(), StringComparison.Ordinal);
        Assert.All(ClientSetups.For(target), guide => Assert.DoesNotContain(Key, $"{guide} {string.Join(' ', guide.Snippets)}", StringComparison.Ordinal));
    }

    private static void AssertRemote(JsonNode server, ClientTarget target, string authorization)
    {
        Assert.Equal(target.Address, (string?)server["url"]);
        Assert.Equal(authorization, (string?)Assert.Single(server["headers"]!.AsObject()).Value);
        Assert.Equal("Authorization", server["headers"]!.AsObject().First().Key);
    }

    private static void AssertPrompt(JsonNode inputs)
    {
        var input = Assert.Single(inputs.AsArray())!;
        Assert.Equal(("promptString", "mcpportal-key", true), ((string?)input["type"], (string?)input["id"], (bool)input["password"]!));
        Assert.NotEmpty((string)input["description"]!);
    }

    private static JsonNode Only(JsonNode file, string section, ClientTarget target)
    {
        var (name, server) = Assert.Single(file[section]!.AsObject());
        Assert.Equal(target.Name, name);
        return server!;
    }

    private static ClientGuide Guide(ClientTarget target, string id) => ClientSetups.For(target).Single(guide => guide.Id == id);

    private static string Snippet(ClientTarget target, string id, int index = 0) => Guide(target, id).Snippets[index].Text;

    private static ClientTarget Target(string portal, string? server, string? key) =>
        ClientTarget.Of(new PublicUrl(new ConfigurationBuilder().AddInMemoryCollection([new("Portal:PublicUrl", portal)]).Build()), server, key);
}
