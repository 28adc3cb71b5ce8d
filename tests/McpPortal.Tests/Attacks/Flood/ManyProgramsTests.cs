using System.Runtime.Versioning;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Servers;
using McpPortal.Sessions.Stdio;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sessions.Stdio;

namespace McpPortal.Tests.Attacks.Flood;

/// <summary>One person who starts as many programs as the portal lets them.</summary>
[SupportedOSPlatform("linux")]
public sealed class ManyProgramsTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DOS_2_Programs_of_one_person_and_of_all_are_limited_and_the_limit_is_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/node"), "needs Linux and Node");
        const int Servers = 5;
        (string, string)[] templates = [.. Enumerable.Range(0, Servers).SelectMany(i => ((string, string)[])
        [
            ($"Servers:Templates:p{i}:Name", $"Program {i}"),
            ($"Servers:Templates:p{i}:Command:0", "/usr/bin/node"),
            ($"Servers:Templates:p{i}:Command:1", StdioRig.Program),
        ])];
        await using var rig = await CallRig.StartAsync(cluster, null, [("Stdio:MaxProcesses", "3"), ("Stdio:MaxProcessesPerUser", "2"), .. templates]);
        var (ana, ben) = (await rig.AddUserAsync("ana"), await rig.AddUserAsync("ben"));
        foreach (var i in Enumerable.Range(0, Servers))
        {
            var template = rig.Get<ServerTemplates>().Find($"p{i}")!;
            Assert.IsType<ServerEditResult.Saved>(await rig.Get<ServerEditor>().AddAsync(template.ToDraft(), template.Key, everyone: true, Actor.CommandLine, Stop));
        }

        // Forty calls to each of five programs, all at once.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).SelectMany(_ => Enumerable.Range(0, Servers)).Select(async i => (Server: i, Outcome: await CallAsync(ana, i))));

        var refused = outcomes.Where(o => o.Outcome is CallOutcome.Refused).ToList();
        var answered = outcomes.Where(o => o.Outcome is CallOutcome.Succeeded).ToList();
        Assert.Equal(outcomes.Length, refused.Count + answered.Count);
        Assert.Equal(2, answered.DistinctBy(o => o.Server).Count());
        Assert.All(refused, o => Assert.StartsWith("You already run 2 tool programs, which is as many as one person may.", o.Outcome.Explanation, StringComparison.Ordinal));
        Assert.Equal(2, rig.Get<ProcessHost>().Slots.Count);

        Assert.IsType<CallOutcome.Succeeded>(await CallAsync(ben, 0));
        Assert.StartsWith("The portal runs as many tool programs as it may at once.", Assert.IsType<CallOutcome.Refused>(await CallAsync(ben, 1)).Sentence, StringComparison.Ordinal);
        Assert.Equal(3, rig.Get<ProcessHost>().Slots.Count);
        Assert.IsType<CallOutcome.Succeeded>(await CallAsync(ana, answered[0].Server));

        Task<CallOutcome> CallAsync(McpPortal.Data.UserId user, int server) => rig.CallAsync(user, $"p{server}", "sleep", new { milliseconds = 1 });
    }
}
