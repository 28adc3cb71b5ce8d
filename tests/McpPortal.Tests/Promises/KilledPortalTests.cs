namespace McpPortal.Tests.Promises;

[Collection(WholeProcesses.Name)]
public sealed class KilledPortalTests(PortalPair portals)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UP_8_A_killed_portal_leaves_no_process_behind()
    {
        await using var portal = await portals.StartAsync();
        var before = ProcessTree.Below(portal.ProcessId);
        foreach (var name in new[] { "ana", "ben" })
        {
            var person = await portals.AddAsync(name);
            await portals.SetSecretAsync(person, "whoami-stdio", "token", $"killed-{name}");
            var answer = await portal.CallAsync(person.Key, "whoami-stdio", "whoami", cancellationToken: Stop);
            Assert.True(answer.Succeeded, $"{answer}\n{portal.Output()}");
        }

        var programs = ProcessTree.Below(portal.ProcessId);
        programs.ExceptWith(before);
        // For each of the two the program, and what holds its namespaces.
        Assert.True(programs.Count >= 2, $"{programs.Count} processes");
        Assert.Equal(programs.Count, ProcessTree.Living(programs).Count);

        await portal.KillAsync();

        var (left, _) = await Eventually.AskAsync(() => Task.FromResult(ProcessTree.Living(programs)), living => living.Count == 0, TimeSpan.FromSeconds(10));
        Assert.Empty(left);
    }
}
