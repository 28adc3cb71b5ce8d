#pragma warning disable VSTHRD002 // Results of tasks that are known to be completed.
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Calls;

public sealed class IsolationTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ISO_1_Fifty_people_with_twenty_calls_each_at_once_get_answers_to_their_own_credential_only()
    {
        await using var rig = await CallRig.StartAsync(cluster);
        var people = new List<(UserId Id, string Secret)>();
        for (var i = 0; i < 50; i++)
        {
            people.Add((await rig.AddUserAsync($"user{i}"), $"credential-of-user-{i}-{Guid.NewGuid():n}"));
        }

        ServerSnapshot[] servers =
        [
            await rig.AddServerAsync(people[0].Id, "in-header", rig.Whoami, CallRig.Header),
            await rig.AddServerAsync(people[0].Id, "as-bearer", rig.Whoami, CallRig.Bearer),
        ];
        foreach (var (id, secret) in people)
        {
            await rig.SetAsync(id, servers[0], secret + "-h");
            await rig.SetAsync(id, servers[1], secret + "-b");
        }

        var answers = await Task.WhenAll(
            from person in people
            from number in Enumerable.Range(0, 20)
            select Task.Run(() => AskAsync(person, number), Stop));

        Assert.Equal(1000, answers.Length);
        Assert.Equal(100, answers.Distinct().Count());
        await CallRig.UntilAsync(async () => await rig.SqlAsync("select count(*) from tool_calls where result = 1") is 1000L, "Not every call was recorded once.");
        Assert.Equal(100L, await rig.SqlAsync("select count(distinct (user_id, server_id)) from tool_calls"));

        async Task<string> AskAsync((UserId Id, string Secret) person, int number)
        {
            var server = number % 2;
            var outcome = await rig.CallAsync(person.Id, servers[server].Slug, "whoami", new { delayMs = number % 5 });
            for (var again = 0; outcome is CallOutcome.Refused { Busy: true } && again < 20; again++)
            {
                // The machine may be too slow for two seconds; the answer may be late but never another's.
                await Task.Delay(200, Stop);
                outcome = await rig.CallAsync(person.Id, servers[server].Slug, "whoami");
            }

            var hash = CallRig.HashIn(outcome);
            Assert.Equal(CallRig.Hash(person.Secret + (server == 0 ? "-h" : "-b")), hash);
            return hash;
        }
    }

    [Fact]
    public async Task One_person_cannot_crowd_out_another()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var rig = await CallRig.StartAsync(cluster, [upstream.Authority], ("Calls:MaxRunningPerUser", "2"), ("Calls:MaxPendingPerUser", "4"));
        var (ana, ben) = (await rig.AddUserAsync("ana"), await rig.AddUserAsync("ben"));
        var server = await rig.AddServerAsync(ana, "slow", upstream.Endpoint.ToString(), CallRig.Bearer);
        await rig.SetAsync(ana, server, "ana-token");
        await rig.SetAsync(ben, server, "ben-token");

        var calls = Enumerable.Range(0, 10).Select(_ => rig.CallAsync(ana, "slow", "wait")).ToList();
        await upstream.EnteredAsync();
        await upstream.EnteredAsync();
        await CallRig.UntilAsync(() => Task.FromResult(calls.Count(c => c.IsCompleted) == 6), "Six of ten calls were to be refused.");
        Assert.All(calls.Where(c => c.IsCompleted), c => Assert.IsType<CallOutcome.Refused>(c.Result));
        Assert.Equal("Bearer ben-token", CallRig.Text(await rig.CallAsync(ben, "slow", "token")));

        upstream.Open();
        await Task.WhenAll(calls);
        Assert.Equal(4, calls.Count(c => c.Result is CallOutcome.Succeeded));
        Assert.Equal((4, 2), (upstream.Calls, upstream.MostRunning));

        // What was reserved is free again.
        Assert.Equal("Bearer ana-token", CallRig.Text(await rig.CallAsync(ana, "slow", "token")));
    }

    [Fact]
    public async Task Foreign_missing_and_withheld_servers_are_the_same()
    {
        await using var rig = await CallRig.StartAsync(cluster);
        var (ana, ben) = (await rig.AddUserAsync("ana"), await rig.AddUserAsync("ben"));
        var draft = new ServerDraft { Slug = "private", Name = "Ana's", Url = rig.Whoami, Credentials = [CallRig.Header] };
        var hidden = new ServerDraft { Slug = "hidden", Name = "Nobody's", Url = rig.Whoami, Credentials = [CallRig.Header] };
        Assert.IsType<ServerEditResult.Saved>(await rig.Get<ServerEditor>().AddAsync(hidden, null, everyone: false, McpPortal.Audit.Actor.CommandLine, Stop));
        var shared = await rig.AddServerAsync(ana, "shared", rig.Whoami, CallRig.Header);
        await using (var scope = await rig.Get<PortalDatabase>().ForUserAsync(ana, Stop))
        {
            // An own server on loopback cannot be added through the editor; what stands in the table is ana's all the same.
            scope.Db.Servers.Add(new Server
            {
                Slug = draft.Slug, Name = draft.Name, Url = draft.Url, OwnerKind = OwnerKind.User, OwnerId = ana.Value, Transport = ServerTransport.Http,
                Credentials = draft.Credentials, Destination = shared.Destination,
            });
            rig.Get<McpPortal.Coordination.Invalidations>().Publish(scope, McpPortal.Coordination.InvalidationKind.Server, Guid.NewGuid());
            await scope.CommitAsync(Stop);
        }

        Assert.IsNotType<CallOutcome.NotFound>(await rig.CallAsync(ana, "private", "whoami"));
        var limited = new Caller(ben, CallVia.Rest, Servers: [ServerId.New()]);
        foreach (var (caller, slug) in ((Caller, string)[])[(new(ben, CallVia.Rest), "private"), (new(ben, CallVia.Rest), "hidden"), (new(ben, CallVia.Rest), "missing"), (limited, "shared")])
        {
            var outcome = Assert.IsType<CallOutcome.NotFound>(await CallRig.CallAsync(rig.Get<UpstreamCallService>(), caller, slug, "whoami"));
            Assert.Equal($"There is no server '{slug}' that you may use.", outcome.Sentence);
            Assert.IsType<CallOutcome.NotFound>(Assert.IsType<ToolListOutcome.Failed>(await rig.Get<UpstreamCallService>().ListToolsAsync(caller, slug, Stop)).Outcome);
        }
    }
}
