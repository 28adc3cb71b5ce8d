using System.Runtime.CompilerServices;
using System.Text.Json;
using McpPortal.Data;
using McpPortal.Sessions.Stdio;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Sessions.Stdio;

/// <summary>A process host as the portal makes it, and clients of the fixture program over it.</summary>
internal sealed class StdioRig : IAsyncDisposable
{
    private readonly ILoggerFactory? _logs;

    private StdioRig(StdioOptions options, string environment, ILoggerFactory? logs)
    {
        _logs = logs;
        var heard = logs ?? LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(Canaries.Logs));
        Options = options;
        Host = new ProcessHost(options, new HostingEnvironment { EnvironmentName = environment }, heard.CreateLogger<ProcessHost>());
        Transports = new StdioTransports(Host, options, TimeProvider.System, heard.CreateLogger<GuardedStdioTransport>());
    }

    public CanaryScan Canaries { get; } = new();

    public StdioOptions Options { get; }

    public ProcessHost Host { get; }

    public StdioTransports Transports { get; }

    /// <summary>The fixture program, for portals that start it.</summary>
    public static string Program { get; } = Path.Combine(Repository.Root, "tests", "McpPortal.Tests", "Sessions", "Stdio", "fixture.mjs");

    public static string Fixture([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "fixture.mjs");

    public static async Task<StdioRig> StartAsync(StdioOptions? options = null, string environment = "Production", ILoggerFactory? logs = null, Isolation[]? candidates = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/node"), "needs Linux and Node");
        var rig = new StdioRig(options ?? new StdioOptions(), environment, logs);
        rig.Host.Candidates = candidates ?? rig.Host.Candidates;
        await rig.Host.StartAsync(TestContext.Current.CancellationToken);
        return rig;
    }

    public static StdioLaunch Launch(UserId? user = null, IReadOnlyDictionary<string, string>? environment = null, params string[] arguments) => new()
    {
        User = user ?? UserId.New(),
        Name = "fixture",
        Command = "/usr/bin/node",
        Arguments = [Fixture(), .. arguments],
        Environment = environment ?? new Dictionary<string, string>(StringComparer.Ordinal),
        Secrets = environment is null ? [] : [.. environment.Values],
        ReadPaths = [Path.GetDirectoryName(Fixture())!],
    };

    public async Task<McpClient> ConnectAsync(StdioLaunch? launch = null)
    {
        foreach (var secret in launch?.Secrets ?? [])
        {
            Canaries.Watch("a variable", secret);
        }

        // The client of the SDK logs whole messages; the portal gives it no logger.
        var options = new McpClientOptions { ProtocolVersion = "2025-11-25" };
        return await McpClient.CreateAsync(Transports.For(launch ?? Launch()), options, _logs ?? NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
    }

    public static async Task<JsonElement> CallAsync(McpClient client, string tool, object? arguments = null)
    {
        var values = JsonSerializer.SerializeToElement(arguments ?? new { }).Deserialize<Dictionary<string, object?>>();
        var result = await client.CallToolAsync(tool, values, cancellationToken: TestContext.Current.CancellationToken);
        return JsonDocument.Parse(Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text).RootElement.Clone();
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Canaries.AssertNothingLeaked();
    }
}
