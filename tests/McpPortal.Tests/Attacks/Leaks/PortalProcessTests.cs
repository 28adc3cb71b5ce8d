using System.Diagnostics;
using System.Runtime.Versioning;
using McpPortal.Sessions.Stdio;
using McpPortal.Tests.Sessions.Stdio;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Attacks.Leaks;

[SupportedOSPlatform("linux")]
public sealed class PortalProcessTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    public async Task LEAK_10_The_process_is_closed_to_others_and_Production_refuses_diagnostics(string diagnostics, int failures)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        var info = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "McpPortal.Tests"), ["-explicit", "only", "-noColor", "-method", $"{typeof(PortalProcessTests).FullName}.{nameof(Hardened_process)}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        info.Environment["DOTNET_EnableDiagnostics"] = diagnostics;
        using var process = Process.Start(info)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Contains($"Total: 1, Errors: 0, Failed: {failures},", output, StringComparison.Ordinal);
        Assert.Equal(failures == 1, output.Contains("DOTNET_EnableDiagnostics=0", StringComparison.Ordinal));
    }

    /// <summary>Runs in the process of the test above, which must not become undumpable itself.</summary>
    [Fact(Explicit = true)]
    public async Task Hardened_process()
    {
        using var open = File.OpenHandle(Environment.ProcessPath!);
        var inheritable = open.DangerousGetHandle().ToInt32();
        PortalProcess.Harden(production: true, new ListLogger().CreateLogger(""));

        Assert.Equal(0, Posix.ProcessControl(Posix.GetDumpable, 0, 0, 0, 0));
        Assert.Matches("Max core file size +0 +0 ", await File.ReadAllTextAsync("/proc/self/limits", TestContext.Current.CancellationToken));
        // Octal 02000000 is O_CLOEXEC.
        var flags = (await File.ReadAllLinesAsync($"/proc/self/fdinfo/{inheritable}", TestContext.Current.CancellationToken))[1].Split('\t')[1];
        Assert.NotEqual(0, Convert.ToInt32(flags, 8) & 0x80000);
    }
}
