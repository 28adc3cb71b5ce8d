using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;

namespace McpPortal.Tests.Attacks.Leaks;

/// <summary>A portal process of its own, with a program of somebody's running, as others on the machine see it.</summary>
[Collection(WholeProcesses.Name)]
public sealed class AbortedPortalTests(PortalPair portals)
{
    private const int SigAbort = 6;

    [Fact]
    public async Task LEAK_8_No_process_of_a_portal_has_a_secret_in_its_command_line()
    {
        var ana = await portals.AddAsync("ana-of-argv");
        await portals.SetSecretAsync(ana, "whoami-stdio", "token", Canary.New("token"));
        var (answer, _) = await Eventually.AskAsync(() => portals.One.CallAsync(ana.Key, "whoami-stdio", "whoami"), answer => answer.Succeeded, TimeSpan.FromSeconds(90));
        Assert.True(answer.Succeeded, answer.ToString());

        var lines = Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)).Select(CommandLine).ToList();
        Assert.Contains(lines, line => line.Contains("whoami", StringComparison.Ordinal));
        var scan = new CanaryScan();
        scan.Watch("the root key", (await File.ReadAllTextAsync(portals.Services.RootKey, TestContext.Current.CancellationToken)).Trim());
        scan.Hear("command lines", string.Join('\n', lines));
        Assert.Empty(scan.Leaks());
    }

    [Fact]
    public async Task LEAK_10_A_portal_that_is_aborted_leaves_no_core()
    {
        await using var portal = await portals.StartAsync();
        Assert.Matches("Max core file size +0 +0 ", await File.ReadAllTextAsync($"/proc/{portal.ProcessId}/limits", TestContext.Current.CancellationToken));
        var before = Cores();

        // The runtime survives the first one and goes back to what the system does.
        var (gone, _) = await Eventually.AskAsync(
            () =>
            {
                Unix.Signal(portal.ProcessId, SigAbort);
                return Task.FromResult(CommandLine($"/proc/{portal.ProcessId}").Length == 0);
            },
            gone => gone,
            TimeSpan.FromSeconds(30));

        Assert.True(gone, "The portal went on after SIGABRT.");
        Assert.Empty(Cores().Except(before));
    }

    private static List<string> Cores() =>
        [.. ((string[])[Repository.Root, AppContext.BaseDirectory, Path.GetTempPath()]).SelectMany(folder => Directory.EnumerateFiles(folder, "*core*").Where(file => Path.GetFileName(file) is var name && (name.StartsWith("core", StringComparison.Ordinal) || name.StartsWith("coredump", StringComparison.Ordinal))))];

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
