using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Data;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using Npgsql;

namespace McpPortal.Tests.Attacks.Protocol;

/// <summary>What becomes of clients' sessions when a whole portal process stops, is killed, or is replaced.</summary>
[Collection(WholeProcesses.Name)]
public sealed class RestartTests(PortalPair portals) : IDisposable
{
    private readonly HttpClient _http = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RST_1_A_portal_that_is_told_to_stop_answers_what_it_began_and_ends_its_sessions()
    {
        var ana = await portals.AddAsync("ana");
        await portals.SetSecretAsync(ana, "whoami", "token", "restart-http");
        await portals.SetSecretAsync(ana, "whoami-stdio", "token", "restart-stdio");
        await using var portal = await portals.StartAsync();
        var before = ProcessTree.Below(portal.ProcessId);
        Assert.True((await portal.CallAsync(ana.Key, "whoami-stdio", "whoami", cancellationToken: Stop)).Succeeded);
        var programs = ProcessTree.Below(portal.ProcessId);
        programs.ExceptWith(before);
        Assert.NotEmpty(programs);
        var client = await BeginAsync(portal, ana, "/mcp/whoami");
        await client.PostAsync(Call(1, delayMs: 0), Stop);
        var stream = await client.StreamAsync(Stop);

        var arrived = await ArrivedAsync();
        var running = Enumerable.Range(2, 8).Select(id => client.PostAsync(Call(id, delayMs: 3000), Stop)).ToList();
        await Eventually.AskAsync(ArrivedAsync, count => count >= arrived + running.Count, TimeSpan.FromSeconds(20));
        var clock = Stopwatch.StartNew();
        Unix.Signal(portal.ProcessId, Unix.SigTerm);

        var answers = await Task.WhenAll(running);
        Assert.All(answers, answer => Assert.True(answer["result"]?["structuredContent"]?["sha256"] is not null, answer.ToJsonString()));
        await stream.WaitAsync(TimeSpan.FromSeconds(30), Stop);
        await portal.WaitForExitAsync(TimeSpan.FromSeconds(30));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"It took {clock.Elapsed}.");
        Assert.Equal((int)SessionEnd.NodeStopped, await EndReasonAsync(ana));
        Assert.Empty(ProcessTree.Living(programs));
    }

    [Fact]
    public async Task RST_2_When_portals_are_replaced_one_after_the_other_clients_find_the_next_one_with_a_new_session()
    {
        var ana = await portals.AddAsync("ana");
        await portals.SetSecretAsync(ana, "whoami", "token", "rolling");
        await using var old = await portals.StartAsync();
        var client = await BeginAsync(old, ana, "/mcp/whoami");
        var hash = Hash(await client.PostAsync(Call(1, delayMs: 0), Stop));

        await using var next = await portals.StartAsync();
        Unix.Signal(old.ProcessId, Unix.SigTerm);
        await old.WaitForExitAsync(TimeSpan.FromSeconds(30));

        // As behind a load balancer: the same session at the other portal is none, and 404 tells the client to begin anew.
        var moved = At(next, ana, "/mcp/whoami");
        moved.Session = client.Session;
        Assert.Equal(HttpStatusCode.NotFound, await moved.PingAsync(Stop));
        moved.Session = null;
        await moved.BeginAsync(Stop);
        Assert.Equal(hash, Hash(await moved.PostAsync(Call(2, delayMs: 0), Stop)));
        Assert.Equal(1L, await ScalarAsync($"select count(*) from mcp_sessions where user_id = '{ana.Id}' and ended_at is null"));
    }

    [Fact]
    public async Task MCP_3_A_session_of_a_killed_portal_is_nobodys_and_its_row_is_closed_by_the_others()
    {
        var ana = await portals.AddAsync("ana");
        await using var portal = await portals.StartAsync();
        var client = await BeginAsync(portal, ana, "/mcp");
        Assert.Equal(22, client.Session!.Length);

        await portal.KillAsync();

        foreach (var other in portals.Both)
        {
            var thief = At(other, ana, "/mcp");
            thief.Session = client.Session;
            Assert.Equal(HttpStatusCode.NotFound, await thief.PingAsync(Stop));
        }

        Assert.Null(await EndReasonAsync(ana));

        // A minute later: nobody waits for it here.
        await portals.SqlAsync($"update nodes set seen_at = now() - interval '61 seconds' where id = (select node_id from mcp_sessions where user_id = '{ana.Id}')");
        await portals.SqlAsync($"update mcp_sessions set created_at = now() - interval '2 minutes' where user_id = '{ana.Id}'");
        var (reason, _) = await Eventually.AskAsync(() => EndReasonAsync(ana), reason => reason is not null, TimeSpan.FromSeconds(30));
        Assert.Equal((int)SessionEnd.NodeGone, reason);
    }

    [Fact]
    public async Task MCP_3_An_id_cannot_be_predicted_and_is_worth_nothing_elsewhere()
    {
        var (ana, ben) = (await portals.AddAsync("ana"), await portals.AddAsync("ben"));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 5; i++)
        {
            // 22 characters of base64url are 128 bits; two that follow each other share no more than chance.
            var client = await BeginAsync(portals.One, ana, "/mcp");
            Assert.Equal(22, client.Session!.Length);
            Assert.True(seen.Add(client.Session));
            Assert.True(seen.All(other => other == client.Session || Shared(other, client.Session) < 6), string.Join(' ', seen));
        }

        var known = await BeginAsync(portals.One, ana, "/mcp");
        foreach (var (portal, person) in new[] { (portals.Two, ana), (portals.One, ben), (portals.Two, ben) })
        {
            var thief = At(portal, person, "/mcp");
            thief.Session = known.Session;
            Assert.Equal(HttpStatusCode.NotFound, await thief.PingAsync(Stop));
            Assert.Equal(HttpStatusCode.NotFound, await thief.DeleteAsync(Stop));
        }

        Assert.Equal(HttpStatusCode.OK, await known.PingAsync(Stop));
    }

    public void Dispose() => _http.Dispose();

    private async Task<long> ArrivedAsync() => (await portals.Sandbox.StatsAsync()).Servers["whoami"]["calls"];

    private static int Shared(string one, string other) => one.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count();

    private static string Call(int id, int delayMs) => SessionClient.Message(id, "tools/call", new JsonObject { ["name"] = "whoami", ["arguments"] = new JsonObject { ["delayMs"] = delayMs } });

    private static string Hash(JsonObject answer) => (string?)answer["result"]?["structuredContent"]?["sha256"] ?? throw new InvalidOperationException(answer.ToJsonString());

    private SessionClient At(ServingPortal portal, Person person, string path) => new(_http, new Uri(portal.Address, path), person.Key);

    private Task<SessionClient> BeginAsync(ServingPortal portal, Person person, string path) => At(portal, person, path).BeginAsync(Stop);

    /// <summary>Of the person's newest session; null while it is open.</summary>
    private async Task<int?> EndReasonAsync(Person person) => await ScalarAsync($"select end_reason from mcp_sessions where user_id = '{person.Id}' order by id desc limit 1") as int?;

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(portals.Services.TestDatabase.Owner);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }
}
