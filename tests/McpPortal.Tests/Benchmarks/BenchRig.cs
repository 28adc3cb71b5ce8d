using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sandbox;

namespace McpPortal.Tests.Benchmarks;

/// <summary>One portal, the stub and server-everything, each in a process of its own.</summary>
internal sealed class BenchRig : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("portal-bench-");
    private readonly SandboxHost _sandbox;
    private readonly ChildProcess _everything;
    private readonly ChildProcess _forwarder;
    private readonly PortalServices _services;
    private ServingPortal _portal = null!;

    private BenchRig(SandboxHost sandbox, ChildProcess everything, Uri everythingAddress, ChildProcess forwarder, Uri forwarderAddress, PortalServices services) =>
        (_sandbox, _everything, EverythingDirect, _forwarder, StubThroughForwarder, _services) = (sandbox, everything, everythingAddress, forwarder, forwarderAddress, services);

    public Uri StubDirect => new($"{_sandbox.Address}/mcp/whoami");

    public Uri StubThroughPortal => new(_portal.Address, "/mcp/whoami");

    /// <summary>What passes on and does nothing else.</summary>
    public Uri StubThroughForwarder { get; }

    public Uri EverythingDirect { get; }

    public Uri EverythingThroughPortal => new(_portal.Address, "/mcp/everything");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<BenchRig> StartAsync(PostgresCluster cluster)
    {
        var sandbox = await SandboxHost.StartApartAsync(Stop);
        var port = Ports.Free();
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/mcp"));
        var everything = ChildProcess.Start(
            Repository.Node, [Path.Combine(Repository.Root, "tests", "peers", "everything-http.mjs")], new Dictionary<string, string?>(StringComparer.Ordinal) { ["PORT"] = port.ToString(CultureInfo.InvariantCulture) });
        await everything.WaitForLineAsync(port.ToString(CultureInfo.InvariantCulture), cancellationToken: Stop);
        const string Ready = "forwarder ready: ";
        var forwarder = ChildProcess.Start("dotnet", [Repository.Built("McpPortal.Sandbox"), "--forward", $"{sandbox.Address}/mcp/whoami"]);
        var line = await forwarder.WaitForLineAsync(Ready, cancellationToken: Stop);
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Oidc:Authority"] = sandbox.Address,
            ["Sandbox:Url"] = sandbox.Address,
            ["Sandbox:EverythingUrl"] = address.GetLeftPart(UriPartial.Authority),
            ["Outbound:AllowedHosts:0"] = new Uri(sandbox.Address).Authority,
            ["Outbound:AllowedHosts:1"] = address.Authority,
        };
        var rig = new BenchRig(sandbox, everything, address, forwarder, new Uri(line[(line.IndexOf(Ready, StringComparison.Ordinal) + Ready.Length)..]), await PortalServices.CreateAsync(cluster, Stop, settings));
        await rig._services.ListenAsync(Stop);
        rig._portal = await ServingPortal.StartAsync(
            [
                .. rig._services.TestDatabase.Settings,
                .. settings,
                new("Vault:RootKeyFile", rig._services.RootKey),
                new("TMPDIR", rig._folder.FullName),
                new("Connections:JournalFolder", rig._folder.CreateSubdirectory("journal").FullName),
            ],
            Stop,
            rig._services.TestDatabase.Canaries);
        return rig;
    }

    public ProcessUse PortalUse() => ProcessUse.Of(_portal.ProcessId);

    public ProcessUse ForwarderUse() => ProcessUse.Of(_forwarder.Id);

    /// <summary>Stops the portal and starts it again on its data: seconds from the start of the process until it is ready.</summary>
    public async Task<double> RestartAsync()
    {
        var settings = _portal.Settings;
        await _portal.DisposeAsync();
        var began = Stopwatch.GetTimestamp();
        _portal = await ServingPortal.StartAsync(settings, Stop, _services.TestDatabase.Canaries);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public async Task<IReadOnlyList<BenchUser>> AddUsersAsync(int count)
    {
        var users = new ConcurrentBag<BenchUser>();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Stop }, async (number, stop) =>
        {
            var user = await _services.AddUserAsync(string.Create(CultureInfo.InvariantCulture, $"bench-{number}"));
            var key = (await _services.Get<AccessKeys>().CreateAsync(user, "bench", readOnly: false, servers: null, expiresAt: null, Actor.Page(user), stop))!;
            var credential = $"not-a-secret-{Guid.NewGuid():n}";
            var server = (await _services.Get<ServerCatalog>().FindAsync(user, "whoami", stop))!;
            Assert.IsType<SecretEditResult.Saved>(await _services.Get<SecretStore>().SetAsync(user, server, "token", credential, Actor.Page(user), stop));
            _services.TestDatabase.Canaries.Watch("an access key", key);
            users.Add(new BenchUser(key, credential));
        });
        return [.. users];
    }

    public async ValueTask DisposeAsync()
    {
        await _portal.DisposeAsync();
        await _everything.DisposeAsync();
        await _forwarder.DisposeAsync();
        await _sandbox.DisposeAsync();
        _services.TestDatabase.Canaries.HearFolder(_folder.FullName);
        _folder.Delete(recursive: true);
        await _services.DisposeAsync();
    }
}
