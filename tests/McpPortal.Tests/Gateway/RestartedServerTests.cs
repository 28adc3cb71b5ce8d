using System.Globalization;
using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sessions.Stdio;
using McpPortal.Tests.StreamableHttp;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Tests.Gateway;

/// <summary>Servers that are killed between two calls, and what their users' clients notice of it: nothing, or one clear sentence.</summary>
public sealed class RestartedServerTests(PostgresCluster cluster)
{
    private const string Older = "2025-11-25";
    private const string Newer = "2026-07-28";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_with_sessions_that_was_killed_is_met_again_by_clients_of_both_eras()
    {
        var port = Ports.Free();
        var server = await EverythingAsync(port);
        try
        {
            await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", $"127.0.0.1:{port}"));
            await using var clients = await ClientsAsync(rig, $"http://127.0.0.1:{port}/mcp");
            await clients.AssertAnsweredAsync();
            Assert.All(rig.Calls.Sessions, session => Assert.False(session.IsPerRequest));

            await server.KillAsync();
            await server.DisposeAsync();
            server = await EverythingAsync(port);
            await clients.AssertAnsweredAsync();

            await server.KillAsync();
            await clients.AssertToldAsync("Server echoes cannot be reached at 127.0.0.1.");
            await server.DisposeAsync();
            server = await EverythingAsync(port);
            await clients.AssertAnsweredSoonAsync();
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_server_without_sessions_that_was_stopped_is_met_again_by_clients_of_both_eras()
    {
        var port = Ports.Free();
        var server = await EchoAsync(port);
        try
        {
            await using var rig = await GatewayRig.StartAsync(cluster, ("Outbound:AllowedHosts:5", $"127.0.0.1:{port}"));
            await using var clients = await ClientsAsync(rig, $"http://127.0.0.1:{port}/mcp");
            await clients.AssertAnsweredAsync();
            Assert.All(rig.Calls.Sessions, session => Assert.True(session.IsPerRequest));

            await server.DisposeAsync();
            server = await EchoAsync(port);
            await clients.AssertAnsweredAsync();

            await server.DisposeAsync();
            await clients.AssertToldAsync("Server echoes cannot be reached at 127.0.0.1. Nothing was sent to it.");
            server = await EchoAsync(port);
            await clients.AssertAnsweredAsync();
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_program_that_was_killed_is_started_again_for_clients_of_both_eras()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/node"), "needs Linux and Node");
        var marker = $"--restarted-{Guid.NewGuid():n}";
        await using var rig = await GatewayRig.StartAsync(
            cluster,
            ("Servers:Templates:fixture:Name", "Server echoes"),
            ("Servers:Templates:fixture:Command:0", "/usr/bin/node"),
            ("Servers:Templates:fixture:Command:1", StdioRig.Program),
            ("Servers:Templates:fixture:Command:2", "--"),
            ("Servers:Templates:fixture:Command:3", marker));
        var template = rig.Calls.Get<ServerTemplates>().Find("fixture")!;
        Assert.IsType<ServerEditResult.Saved>(await rig.Calls.Get<ServerEditor>().AddAsync(template.ToDraft("echoes"), template.Key, everyone: true, Actor.CommandLine, Stop));
        await using var clients = await Clients.ConnectAsync(rig, "echoes", "sleep", new() { ["milliseconds"] = 1 }, "\"slept\"");
        await clients.AssertAnsweredAsync();

        var killed = Programs(marker);
        Assert.Equal(4, killed.Count);
        killed.ForEach(program => Unix.Signal(program, Unix.SigKill));

        // The portal notices the end of a program at once, yet not in the same moment.
        await CallRig.UntilAsync(() => Task.FromResult(rig.Calls.Sessions.All(session => !session.IsUsable)), "The end of a program was not noticed.");
        await clients.AssertAnsweredAsync();
        Assert.Empty(Programs(marker).Intersect(killed));
    }

    private static async Task<ChildProcess> EverythingAsync(int port)
    {
        var server = ChildProcess.Start(
            Repository.Node,
            [Path.Combine(Repository.Root, "tests", "peers", "everything-http.mjs")],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["PORT"] = port.ToString(CultureInfo.InvariantCulture) },
            Repository.Root);
        await server.WaitForLineAsync("listening on port", TimeSpan.FromSeconds(60), Stop);
        return server;
    }

    private static Task<McpTestHost> EchoAsync(int port) => McpTestHost.StartAsync(_ => McpTestHost.Server([McpServerTool(Name = "echo")] (string message) => $"Echo: {message}"), port: port);

    private static async Task<Clients> ClientsAsync(GatewayRig rig, string url)
    {
        await rig.Calls.AddServerAsync(await rig.Calls.AddUserAsync("eve"), "echoes", url);
        return await Clients.ConnectAsync(rig, "echoes", "echo", new() { ["message"] = "hello" }, "Echo: hello");
    }

    /// <summary>Programs themselves, not what stands before them to take their privileges away.</summary>
    private static List<int> Programs(string marker) => [.. Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0).Where(id => id > 0).Where(id =>
    {
        try
        {
            var words = File.ReadAllText($"/proc/{id}/cmdline");
            return words.StartsWith("/usr/bin/node\0", StringComparison.Ordinal) && words.Contains(marker, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    })];

    /// <summary>One client for each pair of address and era, each of another person: each has a session of its own to lose.</summary>
    private sealed class Clients(List<(McpClient Client, string Tool)> all, Dictionary<string, object?> arguments, string answer) : IAsyncDisposable
    {
        public static async Task<Clients> ConnectAsync(GatewayRig rig, string slug, string tool, Dictionary<string, object?> arguments, string answer)
        {
            var all = new List<(McpClient, string)>();
            foreach (var (path, name) in ((string, string)[])[("/mcp", $"{slug}__{tool}"), ($"/mcp/{slug}", tool)])
            {
                foreach (var version in (string[])[Older, Newer])
                {
                    var key = await rig.KeyAsync(await rig.Calls.AddUserAsync($"user{all.Count}"));
                    all.Add((await rig.ConnectAsync(path, key, version), name));
                }
            }

            return new Clients(all, arguments, answer);
        }

        /// <summary>Lists or calls, whichever comes first, must not notice anything.</summary>
        public async Task AssertAnsweredAsync()
        {
            foreach (var (index, (client, tool)) in all.Index())
            {
                if (index % 2 == 0)
                {
                    Assert.Contains(tool, (await client.ListToolsAsync(cancellationToken: Stop)).Select(t => t.Name));
                }

                Assert.Equal(answer, await CallAsync(client, tool));
                Assert.Contains(tool, (await client.ListToolsAsync(cancellationToken: Stop)).Select(t => t.Name));
            }
        }

        public async Task AssertAnsweredSoonAsync()
        {
            foreach (var (client, tool) in all)
            {
                await CallRig.UntilAsync(async () => await CallAsync(client, tool) == answer, "The server is back and cannot be called.");
            }
        }

        public async Task AssertToldAsync(string sentence)
        {
            foreach (var (client, tool) in all)
            {
                Assert.StartsWith(sentence, await CallAsync(client, tool), StringComparison.Ordinal);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var (client, _) in all)
            {
                await client.DisposeAsync();
            }
        }

        private async Task<string> CallAsync(McpClient client, string tool)
        {
            var result = await client.CallToolAsync(tool, arguments, cancellationToken: Stop);
            return Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;
        }
    }
}
