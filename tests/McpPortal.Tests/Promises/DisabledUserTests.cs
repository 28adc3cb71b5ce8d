using System.Diagnostics;
using System.Net;
using McpPortal.Accounts;
using McpPortal.Audit;

namespace McpPortal.Tests.Promises;

[Collection(WholeProcesses.Name)]
public sealed class DisabledUserTests(PortalPair portals)
{
    /// <summary>Not a wish but the promise: security.md gives revocation two seconds on every node.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_disabled_user_is_out_everywhere_in_two_seconds()
    {
        var ana = await portals.AddAsync("ana");
        await portals.SetSecretAsync(ana, "whoami", "token", "disabled-http");
        await portals.SetSecretAsync(ana, "whoami-stdio", "token", "disabled-stdio");
        Assert.True((await portals.One.CallAsync(ana.Key, "whoami", "whoami", cancellationToken: Stop)).Succeeded);
        var others = ProcessTree.Below(portals.Two.ProcessId);
        foreach (var (server, tool) in new[] { ("whoami", "whoami"), ("whoami-stdio", "whoami"), ("everything-stdio", "get-env") })
        {
            var warm = await portals.Two.CallAsync(ana.Key, server, tool, cancellationToken: Stop);
            Assert.True(warm.Succeeded, $"{warm}\n{portals.Two.Output()}");
        }

        var programs = ProcessTree.Below(portals.Two.ProcessId);
        programs.ExceptWith(others);
        Assert.NotEmpty(programs);
        var calls = (await portals.Sandbox.StatsAsync()).Servers["whoami"]["calls"];
        var clock = new Stopwatch();
        var running = new[] { "whoami", "whoami-stdio" }.Select(async server =>
        {
            var answer = await portals.Two.CallAsync(ana.Key, server, "whoami", new { delayMs = 60_000 }, Stop);
            return (Answer: answer, After: clock.Elapsed);
        }).ToList();
        await Eventually.AskAsync(portals.Sandbox.StatsAsync, stats => stats.Servers["whoami"]["calls"] > calls, TimeSpan.FromSeconds(10));
        Assert.DoesNotContain(running, call => call.IsCompleted);

        clock.Start();
        Assert.Equal(UserChange.Done, await portals.Services.Create<Users>().DisableAsync(ana.Id, Actor.CommandLine, Stop));
        var refused = portals.Both.Select(portal => Eventually.AskAsync(
            () => portal.CallAsync(ana.Key, "whoami", "echo", new { text = "still here" }, Stop), answer => answer.Status == HttpStatusCode.Unauthorized, Deadline)).ToList();
        var gone = Eventually.AskAsync(() => Task.FromResult(ProcessTree.Living(programs)), living => living.Count == 0, Deadline);

        Assert.All(await Task.WhenAll(refused), key => Assert.Equal(HttpStatusCode.Unauthorized, key.Last.Status));
        Assert.All(await Task.WhenAll(refused), key => Assert.InRange(key.After, TimeSpan.Zero, Deadline));
        Assert.Empty((await gone).Last);
        Assert.All(await Task.WhenAll(running), call =>
        {
            Assert.Equal(HttpStatusCode.Forbidden, call.Answer.Status);
            Assert.InRange(call.After, TimeSpan.Zero, Deadline);
        });
    }
}
