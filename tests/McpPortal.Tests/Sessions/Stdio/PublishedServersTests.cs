using McpPortal.Data;
using McpPortal.Sessions.Stdio;
using McpPortal.Tests.Rig;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Sessions.Stdio;

/// <summary>Servers from npm, as they are published.</summary>
public sealed class PublishedServersTests
{
    [Fact]
    public async Task The_everything_server_runs_isolated()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await ConnectAsync(rig, "server-everything", new(StringComparer.Ordinal) { ["DEMO_TOKEN"] = "token-of-ana" }, "stdio");

        var tools = await client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
        var echo = await CallAsync(client, "echo", new() { ["message"] = "hello" });
        var environment = await CallAsync(client, "get-env", []);

        Assert.InRange(tools.Count, 5, 100);
        Assert.Equal("Echo: hello", echo);
        Assert.Contains("token-of-ana", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("USER", environment, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_filesystem_server_works_in_its_own_folder_only()
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await ConnectAsync(rig, "server-filesystem", [], MountTable.Home);

        await CallAsync(client, "write_file", new() { ["path"] = $"{MountTable.Home}/note.txt", ["content"] = "hello" });

        Assert.Equal("hello", await CallAsync(client, "read_text_file", new() { ["path"] = $"{MountTable.Home}/note.txt" }));
        Assert.Contains("Access denied", await CallAsync(client, "read_text_file", new() { ["path"] = "/etc/passwd" }), StringComparison.Ordinal);
    }

    private static async Task<McpClient> ConnectAsync(StdioRig rig, string package, Dictionary<string, string> environment, params string[] arguments)
    {
        var program = Path.Combine(Repository.Peers, "@modelcontextprotocol", package, "dist", "index.js");
        Assert.SkipUnless(File.Exists(program), "Run npm ci in tests/peers.");
        return await rig.ConnectAsync(new StdioLaunch
        {
            User = UserId.New(),
            Name = package,
            Command = "/usr/bin/node",
            Arguments = [program, .. arguments],
            Environment = environment,
            ReadPaths = [Repository.Peers],
        });
    }

    private static async Task<string> CallAsync(McpClient client, string tool, Dictionary<string, object?> arguments)
    {
        var result = await client.CallToolAsync(tool, arguments, cancellationToken: TestContext.Current.CancellationToken);
        return Assert.IsType<TextContentBlock>(result.Content[0]).Text;
    }
}
