using System.Text.Json;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sandbox;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Promises;

/// <summary>Servers from npm behind the whole portal, as an administrator adds them and a member calls them.</summary>
[Collection(WholeProcesses.Name)]
public sealed class PublishedProgramsTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_npm_servers_work_as_stdio_servers()
    {
        var packages = Path.Combine(Repository.Peers, "@modelcontextprotocol");
        Assert.SkipUnless(File.Exists("/usr/bin/node") && Directory.Exists(packages), "needs Node, and npm ci in tests/peers");
        await using var sandbox = await SandboxHost.StartAsync();
        await using var portal = await PortalHost.StartAsync(
            cluster, sandbox.Address, Ports.Free(),
            ("Sandbox:Url", sandbox.Address),
            ("Servers:Seed:Node", "/usr/bin/node"),
            ("Servers:Templates:papers:Name", "Papers"),
            ("Servers:Templates:papers:Command:0", "/usr/bin/node"),
            ("Servers:Templates:papers:Command:1", Path.Combine(packages, "server-filesystem", "dist", "index.js")),
            ("Servers:Templates:papers:Command:2", "/tmp"));
        var (admin, ana) = (await AddUserAsync(portal, "cara", Roles.Admin), await AddUserAsync(portal, "ana"));
        var template = portal.Services.GetRequiredService<ServerTemplates>().Find("papers")!;
        Assert.IsType<ServerEditResult.Saved>(await portal.Services.GetRequiredService<ServerEditor>().AddAsync(template.ToDraft(), template.Key, everyone: true, Actor.Page(admin), Stop));
        var caller = new Caller(ana, CallVia.Console);

        Assert.Superset(new HashSet<string>(["echo", "trigger-long-running-operation"]), await ToolsAsync(portal, caller, "everything-stdio"));
        Assert.Contains("hello", await CallAsync(portal, caller, "everything-stdio", "echo", new { message = "hello" }), StringComparison.Ordinal);
        List<CallProgress> steps = [];
        await CallAsync(portal, caller, "everything-stdio", "trigger-long-running-operation", new { duration = 1, steps = 4 }, progress => { lock (steps) { steps.Add(progress); } });
        // The last step may be overtaken by the answer, which makes it worthless.
        Assert.InRange(steps.Max(step => step.Progress), 3, 4);

        // The built-in one and the one that was approved in the configuration, each in a folder of its own.
        foreach (var slug in new[] { "filesystem", "papers" })
        {
            Assert.Superset(new HashSet<string>(["read_text_file", "write_file", "list_directory"]), await ToolsAsync(portal, caller, slug));
            await CallAsync(portal, caller, slug, "write_file", new { path = "/tmp/note.txt", content = $"written in {slug}" });
            Assert.Equal($"written in {slug}", await CallAsync(portal, caller, slug, "read_text_file", new { path = "/tmp/note.txt" }));
        }

        Assert.False(File.Exists("/tmp/note.txt"));
    }

    private static async Task<UserId> AddUserAsync(PortalHost portal, string name, Roles roles = Roles.None)
    {
        await using var scope = await portal.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop);
        var user = new User { DisplayName = name, GrantedRoles = roles };
        scope.Db.Users.Add(user);
        await scope.CommitAsync(Stop);
        return user.Id;
    }

    private static async Task<HashSet<string>> ToolsAsync(PortalHost portal, Caller caller, string server)
    {
        var outcome = await portal.Services.GetRequiredService<UpstreamCallService>().ListToolsAsync(caller, server, Stop);
        Assert.True(outcome is ToolListOutcome.Listed, outcome is ToolListOutcome.Failed failed ? failed.Outcome.Explanation : "");
        return [.. ((ToolListOutcome.Listed)outcome).Tools.Select(tool => (string)tool["name"]!)];
    }

    private static async Task<string> CallAsync(PortalHost portal, Caller caller, string server, string tool, object arguments, Action<CallProgress>? progress = null)
    {
        var outcome = await portal.Services.GetRequiredService<UpstreamCallService>().CallToolAsync(
            caller, server, tool, JsonSerializer.SerializeToElement(arguments), CallOptions.Default with { Progress = progress }, Stop);
        Assert.True(outcome is CallOutcome.Succeeded, outcome.Explanation);
        using var json = JsonDocument.Parse(((CallOutcome.Succeeded)outcome).Json);
        return json.RootElement.GetProperty("content")[0].GetProperty("text").GetString()!;
    }
}
