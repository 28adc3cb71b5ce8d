using System.Runtime.Versioning;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Sessions.Stdio;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Sessions.Stdio;

[SupportedOSPlatform("linux")]
public sealed class StdioRulesTests
{
    public static TheoryData<string> ForbiddenNames =>
    [
        "LD_PRELOAD", "ld_library_path", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "PYTHONSTARTUP", "PYTHONPATH", "BASH_ENV", "DOTNET_STARTUP_HOOKS", "PATH", "Path", "HOME",
        "HTTP_PROXY", "https_proxy", "ALL_PROXY", "GIT_SSH_COMMAND", "PERL5OPT", "RUBYOPT", "JAVA_TOOL_OPTIONS", "npm_config_registry", "GCONV_PATH", "LC_ALL",
        "A=B", "", "A\0B", "A B", "1A", "A\n", "BASH_FUNC_x%%",
    ];

    [Theory]
    [MemberData(nameof(ForbiddenNames))]
    public async Task INJ_4_Variables_that_change_what_runs_are_refused(string name)
    {
        Assert.NotNull(EnvironmentRules.RefuseName(name));
        await using var rig = await StdioRig.StartAsync();
        var launch = StdioRig.Launch(environment: new Dictionary<string, string>(StringComparer.Ordinal) { [name] = "canary-value" });

        var refusal = await Assert.ThrowsAsync<StdioRefusedException>(() => rig.Host.StartAsync(launch, TestContext.Current.CancellationToken));

        Assert.DoesNotContain("canary", refusal.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, rig.Host.Slots.Count);
    }

    [Theory]
    [InlineData("GITHUB_TOKEN")]
    [InlineData("GMAIL_CLIENT_ID")]
    [InlineData("API_KEY")]
    [InlineData("_x9")]
    [InlineData("NODE_ENV")]
    public void Ordinary_variables_are_allowed(string name) => Assert.Null(EnvironmentRules.RefuseName(name));

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../../bin/sh")]
    [InlineData("bin/node")]
    [InlineData("/usr/bin/../bin/node")]
    [InlineData("/usr//bin/node")]
    [InlineData("/usr/bin/node\0")]
    [InlineData("/usr/bin/NODE")]
    [InlineData("/usr/bin")]
    [InlineData("/etc/passwd")]
    [InlineData("no-such-program")]
    public void INJ_2_Only_the_file_an_absolute_path_or_a_plain_name_means_is_run(string command) =>
        Assert.Throws<StdioRefusedException>(() => ProgramFile.Find(command, "/usr/local/bin:/usr/bin:/bin"));

    [Fact]
    public void INJ_2_A_program_everybody_may_change_is_not_run()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory().FullName, "tool");
        File.WriteAllText(file, "#!/bin/sh\n");
        File.SetUnixFileMode(file, (UnixFileMode)0b111_111_111);
        var link = file + "-link";
        File.CreateSymbolicLink(link, file);

        Assert.Throws<StdioRefusedException>(() => ProgramFile.Find(link, "/usr/bin"));
        File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
        Assert.Equal(link, ProgramFile.Find(link, "/usr/bin"));
    }

    [Fact]
    public async Task One_person_and_all_together_run_only_so_many()
    {
        await using var rig = await StdioRig.StartAsync(new StdioOptions { MaxProcesses = 3, MaxProcessesPerUser = 2 });
        var (ana, ben) = (UserId.New(), UserId.New());
        var token = TestContext.Current.CancellationToken;
        var first = await rig.Host.StartAsync(StdioRig.Launch(ana), token);
        await rig.Host.StartAsync(StdioRig.Launch(ana), token);

        var own = await Assert.ThrowsAsync<StdioRefusedException>(() => rig.Host.StartAsync(StdioRig.Launch(ana), token));
        await rig.Host.StartAsync(StdioRig.Launch(ben), token);
        var all = await Assert.ThrowsAsync<StdioRefusedException>(() => rig.Host.StartAsync(StdioRig.Launch(ben), token));
        await first.DisposeAsync();
        await using var again = await rig.Host.StartAsync(StdioRig.Launch(ana), token);

        Assert.Contains("one person", own.Message, StringComparison.Ordinal);
        Assert.Contains("The portal runs as many", all.Message, StringComparison.Ordinal);
        Assert.Equal(3, rig.Host.Slots.Count);
    }

    [Fact]
    public async Task A_program_that_cannot_start_gives_back_its_slot()
    {
        await using var rig = await StdioRig.StartAsync();
        var launch = new StdioLaunch { User = UserId.New(), Name = "gone", Command = "/usr/bin/no-such" };

        await Assert.ThrowsAsync<StdioRefusedException>(() => rig.Host.StartAsync(launch, TestContext.Current.CancellationToken));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.Host.StartAsync(StdioRig.Launch(), cancelled.Token));

        Assert.Equal(0, rig.Host.Slots.Count);
    }

    [Fact]
    public async Task Without_isolation_Production_refuses_and_Development_warns()
    {
        var logs = new ListLogger();
        await using var production = await StdioRig.StartAsync(environment: "Production", logs: logs, candidates: []);
        await Assert.ThrowsAsync<StdioRefusedException>(() => production.Host.StartAsync(StdioRig.Launch(), TestContext.Current.CancellationToken));
        Assert.Contains(logs.Lines, line => line.Level == LogLevel.Error && line.Text.Contains("Stdio:AllowUnisolated", StringComparison.Ordinal));

        var more = new ListLogger();
        await using var development = await StdioRig.StartAsync(environment: "Development", logs: more, candidates: []);
        Assert.Contains(more.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("Stdio:AllowUnisolated=false", StringComparison.Ordinal));
        await using var client = await development.ConnectAsync();
        Assert.Equal(["HOME", "LANG", "PATH", "TMPDIR"], (await StdioRig.CallAsync(client, "printenv")).EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_mistake_in_the_options_is_told_with_its_key()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Stdio:Path"] = "bin:/usr/bin",
            ["Stdio:HiddenPaths:0"] = "data",
            ["Stdio:Tasks"] = "1",
            ["Stdio:MaxProcessesPerUser"] = "1000",
            ["Stdio:GraceTime"] = "01:00:00",
        }).Build();

        var error = Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddStdio(configuration));

        Assert.All(["Stdio:Path", "Stdio:HiddenPaths:0", "Stdio:Tasks", "Stdio:MaxProcessesPerUser", "Stdio:GraceTime"], key => Assert.Contains(key, error.Message, StringComparison.Ordinal));
        Assert.Empty(new StdioOptions().Mistakes());
    }

    [Fact]
    public void An_account_in_the_range_of_user_ids_is_found()
    {
        var pool = new UserIdPool(58000, 2);

        Assert.Equal("eve", pool.Collision(["root:x:0:0::/root:/bin/sh", "eve:x:58001:58001::/:/bin/sh", "broken"]));
        Assert.Null(pool.Collision(["eve:x:58002:58002::/:/bin/sh"]));
    }

    [Fact]
    public void Two_portals_of_one_machine_never_lend_the_same_user_id()
    {
        var locks = Directory.CreateTempSubdirectory();
        var (one, other) = (new UserIdPool(58000, 4, locks.FullName), new UserIdPool(58000, 4, locks.FullName));

        int[] lent = [one.Rent(), other.Rent(), one.Rent(), other.Rent()];

        Assert.Equal([58000, 58001, 58002, 58003], lent.Order());
        Assert.Throws<StdioRefusedException>(() => one.Rent());
        other.Return(lent[3]);
        Assert.Equal(lent[3], one.Rent());
        one.Return(lent[0]);
        locks.Delete(recursive: true);
    }
}
