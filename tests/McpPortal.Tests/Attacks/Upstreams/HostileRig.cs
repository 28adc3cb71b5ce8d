using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;

namespace McpPortal.Tests.Attacks.Upstreams;

/// <summary>A portal, ana with her credential, and a hostile server named <c>hostile</c>.</summary>
internal sealed class HostileRig : IAsyncDisposable
{
    private HostileRig(HostileServer hostile, CallRig portal) => (Hostile, Portal) = (hostile, portal);

    public HostileServer Hostile { get; }

    public CallRig Portal { get; }

    public UserId Ana { get; private set; }

    public string Secret { get; } = Canary.New("token");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static Task<HostileRig> StartAsync(PostgresCluster cluster, params (string Key, string Value)[] settings) => StartAsync(cluster, CallRig.Header, [], settings);

    public static async Task<HostileRig> StartAsync(PostgresCluster cluster, CredentialNeed need, IEnumerable<string> hosts, params (string Key, string Value)[] settings)
    {
        var hostile = await HostileServer.StartAsync();
        var rig = new HostileRig(hostile, await CallRig.StartAsync(cluster, [hostile.Authority, .. hosts], settings));
        rig.Ana = await rig.Portal.AddUserAsync("ana");
        await rig.AddAsync("hostile", hostile.Url, need);
        return rig;
    }

    public async Task AddAsync(string slug, string url, CredentialNeed? need = null, int timeoutSeconds = 60)
    {
        var draft = new ServerDraft { Slug = slug, Name = $"Server {slug}", Url = url, Credentials = [need ?? CallRig.Header], TimeoutSeconds = timeoutSeconds };
        Assert.IsType<ServerEditResult.Saved>(await Portal.Get<ServerEditor>().AddAsync(draft, null, everyone: true, Actor.CommandLine, Stop));
        await Portal.SetAsync(Ana, (await Portal.Get<ServerCatalog>().FindAsync(Ana, slug, Stop))!, Secret);
    }

    public Task<CallOutcome> CallAsync(string tool = "act", double? seconds = null) =>
        Portal.CallAsync(Ana, "hostile", tool, options: seconds is { } limit ? new CallOptions { Timeout = TimeSpan.FromSeconds(limit) } : null);

    public Task<ToolListOutcome> ListAsync(string slug = "hostile") => Portal.Get<UpstreamCallService>().ListToolsAsync(new Caller(Ana, CallVia.Console), slug, Stop);

    /// <summary>The server behaves again, and calls to it work once the pause after a failure is over.</summary>
    public async Task AssertWellAgainAsync()
    {
        Hostile.Misbehave = null;
        CallOutcome? last = null;
        await CallRig.UntilAsync(async () => (last = await CallAsync()) is CallOutcome.Succeeded, $"The server is well again and cannot be called.", 60);
        Assert.Equal("done", CallRig.Text(last!));
    }

    public async ValueTask DisposeAsync()
    {
        await Portal.DisposeAsync();
        await Hostile.DisposeAsync();
    }
}
