using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Attacks.Upstreams;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Attacks.Isolation;

/// <summary>One server for several people, watched from its side: each request carries the credential of whoever called.</summary>
public sealed class OwnIdentityTests(PostgresCluster cluster)
{
    private const string Header = "X-Whoami-Token";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ISO_2_Whoever_has_no_credential_never_borrows_one()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        var ben = await rig.Portal.AddUserAsync("ben");
        var cara = await rig.Portal.AddUserAsync("cara");
        Assert.Equal(McpPortal.Accounts.UserChange.Done, await rig.Portal.Portal.Users.GrantAdminAsync(cara, Actor.CommandLine, Stop));
        var server = (await rig.Portal.Get<ServerCatalog>().FindAsync(ben, "hostile", Stop))!;

        await AssertMissingAsync();
        await rig.AssertWellAgainAsync();
        await AssertMissingAsync();

        // The administrator who sets the server up connects first.
        var secret = Canary.New("token of the administrator");
        await rig.Portal.SetAsync(cara, server, secret);
        Assert.Equal("done", CallRig.Text(await rig.Portal.CallAsync(cara, "hostile", "act")));
        await AssertMissingAsync();
        Assert.All(rig.Hostile.Requests, request => Assert.Contains(request.Headers[Header], (string[])[rig.Secret, secret]));
        Assert.DoesNotContain(rig.Portal.Sessions, session => session.Key.User == ben);

        async Task AssertMissingAsync()
        {
            var heard = rig.Hostile.Requests.Count;
            Assert.Equal("/servers/hostile", Assert.IsType<CallOutcome.NeedsConnection>(await rig.Portal.CallAsync(ben, "hostile", "act")).Path);
            var list = await rig.Portal.Get<UpstreamCallService>().ListToolsAsync(new Caller(ben, CallVia.Console), "hostile", Stop);
            Assert.IsType<CallOutcome.NeedsConnection>(Assert.IsType<ToolListOutcome.Failed>(list).Outcome);
            Assert.Equal(heard, rig.Hostile.Requests.Count);
        }
    }

    [Fact]
    public async Task ISO_3_Nobody_shares_a_session_with_another()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        var people = await PeopleAsync(rig, 6);
        await Task.WhenAll(people.SelectMany(person => Enumerable.Range(0, 5).Select(async _ =>
            Assert.Equal("done", CallRig.Text(await rig.Portal.CallAsync(person.Id, "hostile", "act"))))));

        var sessions = rig.Hostile.Requests.Where(request => request.Method == "tools/call").GroupBy(request => request.Headers["Mcp-Session-Id"], StringComparer.Ordinal).ToList();
        Assert.Equal(6, sessions.Count);
        Assert.All(sessions, session => Assert.Single(session.Select(request => request.Headers[Header]).Distinct(StringComparer.Ordinal)));
        Assert.All(sessions, session => Assert.Equal(5, session.Count()));
    }

    [Fact]
    public async Task ISO_4_A_replaced_credential_is_the_next_one_used_while_others_go_on()
    {
        await using var rig = await CallRig.StartAsync(cluster);
        var (ana, ben) = (await rig.AddUserAsync("ana"), await rig.AddUserAsync("ben"));
        var server = await rig.AddServerAsync(ana, "who", rig.Whoami, CallRig.Header);
        await rig.SetAsync(ana, server, "token-of-ana-at-first");
        await rig.SetAsync(ben, server, "token-of-ben");
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var others = Task.Run(async () =>
        {
            var count = 0;
            for (; !over.IsCancellationRequested; count++)
            {
                Assert.Equal(CallRig.Hash("token-of-ben"), CallRig.HashIn(await rig.CallAsync(ben, "who", "whoami")));
            }

            return count;
        }, Stop);

        for (var i = 0; i < 8; i++)
        {
            var token = $"token-of-ana-{i}-{Guid.NewGuid():n}";
            await rig.SetAsync(ana, server, token);
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => rig.CallAsync(ana, "who", "whoami")));
            Assert.All(outcomes, outcome => Assert.Equal(CallRig.Hash(token), CallRig.HashIn(outcome)));
        }

        await over.CancelAsync();
        Assert.NotEqual(0, await others);
    }

    [Fact]
    public async Task ISO_6_Progress_reaches_the_call_it_is_about_and_no_other()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        var people = await PeopleAsync(rig, 3);
        var tokens = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var heardAll = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rig.Hostile.Misbehave = async (heard, context) =>
        {
            if (heard.Method != "tools/call")
            {
                return false;
            }

            tokens[heard.Tool!] = (string)JsonNode.Parse(heard.Body)!["params"]!["_meta"]!["progressToken"]!;
            if (tokens.Count == 6)
            {
                all.TrySetResult();
            }

            await all.Task.WaitAsync(context.RequestAborted);
            var send = await StreamAsync(context);

            // Until everybody heard: what is said just before an answer may come after it.
            while (!heardAll.Task.IsCompleted)
            {
                foreach (var (tool, token) in tokens)
                {
                    await send($$"""{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"{{token}}","progress":1,"message":"for {{tool}}"} }""");
                }

                await Task.Delay(50, context.RequestAborted);
            }

            await send(Text(heard.Id, "done"));
            return true;
        };
        var said = new ConcurrentDictionary<string, ConcurrentQueue<string>>(StringComparer.Ordinal);

        var calls = Task.WhenAll(people.SelectMany((person, i) => Enumerable.Range(0, 2).Select(async j =>
        {
            var tool = $"tool-{i}-{j}";
            var words = said.GetOrAdd(tool, _ => new());
            Assert.Equal("done", CallRig.Text(await rig.Portal.CallAsync(person.Id, "hostile", tool, options: new CallOptions { Progress = p => words.Enqueue(p.Message!) })));
        })));

        await CallRig.UntilAsync(() => Task.FromResult(said.Count == 6 && said.Values.All(words => !words.IsEmpty)), "Not every call heard of its progress.", 60);
        heardAll.SetResult();
        await calls;
        Assert.All(said, call => Assert.All(call.Value, words => Assert.Equal($"for {call.Key}", words)));
    }

    [Fact]
    public async Task ISO_7_A_cookie_set_for_one_person_is_sent_by_nobody()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        rig.Hostile.Misbehave = (heard, context) =>
        {
            context.Response.Headers.SetCookie = $"sid={heard.Headers[Header].GetHashCode(StringComparison.Ordinal)}; Path=/; Max-Age=3600";
            return Task.FromResult(false);
        };
        foreach (var (person, _) in await PeopleAsync(rig, 3))
        {
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal("done", CallRig.Text(await rig.Portal.CallAsync(person, "hostile", "act")));
            }
        }

        Assert.DoesNotContain(rig.Hostile.Requests, request => request.Headers.ContainsKey("Cookie"));
    }

    [Fact]
    public async Task ISO_8_A_list_of_tools_is_ones_own_and_ends_with_the_right_to_it()
    {
        await using var rig = await HostileRig.StartAsync(cluster);
        var people = await PeopleAsync(rig, 2);
        var server = (await rig.Portal.Get<ServerCatalog>().FindAsync(people[0].Id, "hostile", Stop))!;
        rig.Hostile.Misbehave = async (heard, context) => heard.Method == "tools/list"
            && await SendAsync(context, Result(heard.Id, $$"""{"tools":[{"name":"of-{{CallRig.Hash(heard.Headers[Header])}}","inputSchema":{"type":"object"} }]}"""));
        foreach (var (person, secret) in people)
        {
            Assert.Equal(CallRig.Hash(secret), await ToolAsync(person));
        }

        var other = Canary.New("another token");
        await rig.Portal.SetAsync(people[0].Id, server, other);
        Assert.Equal(CallRig.Hash(other), await ToolAsync(people[0].Id));
        Assert.Equal(CallRig.Hash(people[1].Secret), await ToolAsync(people[1].Id));

        Assert.IsType<ServerEditResult.Saved>(await rig.Portal.Get<ServerEditor>().SetAccessAsync(server.Id, [], Actor.CommandLine, Stop));
        foreach (var (person, _) in people)
        {
            Assert.IsType<CallOutcome.NotFound>(Assert.IsType<ToolListOutcome.Failed>(await ListAsync(person)).Outcome);
        }

        async Task<string> ToolAsync(UserId person) => ((string)Assert.Single(Assert.IsType<ToolListOutcome.Listed>(await ListAsync(person)).Tools)["name"]!)[3..];

        Task<ToolListOutcome> ListAsync(UserId person) => rig.Portal.Get<UpstreamCallService>().ListToolsAsync(new Caller(person, CallVia.Console), "hostile", Stop);
    }

    /// <summary>Ana and others, each with a credential of their own.</summary>
    private static async Task<List<(UserId Id, string Secret)>> PeopleAsync(HostileRig rig, int count)
    {
        List<(UserId Id, string Secret)> people = [(rig.Ana, rig.Secret)];
        var server = (await rig.Portal.Get<ServerCatalog>().FindAsync(rig.Ana, "hostile", Stop))!;
        while (people.Count < count)
        {
            var (person, secret) = (await rig.Portal.AddUserAsync($"user{people.Count}"), Canary.New("token"));
            await rig.Portal.SetAsync(person, server, secret);
            people.Add((person, secret));
        }

        return people;
    }
}
