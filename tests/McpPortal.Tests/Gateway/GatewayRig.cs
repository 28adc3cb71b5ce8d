using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Gateway;

/// <summary>The whole portal, and MCP clients that act as people with access keys.</summary>
internal sealed class GatewayRig : IAsyncDisposable
{
    private GatewayRig(CallRig calls) => Calls = calls;

    public CallRig Calls { get; }

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<GatewayRig> StartAsync(PostgresCluster cluster, params (string Key, string Value)[] settings) => new(await CallRig.StartAsync(cluster, null, settings));

    /// <summary>Somebody with a key, and with a secret for the server of that name, which everybody may use.</summary>
    public async Task<(UserId User, string Key, string Hash)> PersonAsync(string name, string server = "who")
    {
        var user = await Calls.AddUserAsync(name);
        var found = await Calls.Get<ServerCatalog>().FindAsync(user, server, Stop) ?? await Calls.AddServerAsync(user, server, Calls.Whoami, CallRig.Header);
        var secret = $"not-a-secret-{name}-{Guid.NewGuid():n}";
        await Calls.SetAsync(user, found, secret);
        return (user, await KeyAsync(user), CallRig.Hash(secret));
    }

    public async Task<string> KeyAsync(UserId user, bool readOnly = false, IReadOnlyList<ServerId>? servers = null) => Calls.Portal.Database.Canaries.Watch(
        "an access key", (await Calls.Get<AccessKeys>().CreateAsync(user, "client", readOnly, servers, expiresAt: null, Actor.Page(user), Stop))!);

    public Uri Address(string path) => new(Calls.Portal.Address + path);

    /// <param name="path">The endpoint.</param>
    /// <param name="key">The access key.</param>
    /// <param name="version">The protocol revision; null takes the newest.</param>
    /// <param name="handlers">What the client answers; null for nothing.</param>
    /// <param name="capabilities">What it says it can do beside that.</param>
    public Task<McpClient> ConnectAsync(string path, string key, string? version = null, McpClientHandlers? handlers = null, ClientCapabilities? capabilities = null) =>
        ConnectAsync(Address(path), key, new McpClientOptions { ProtocolVersion = version, Handlers = handlers ?? new McpClientHandlers(), Capabilities = capabilities });

    /// <summary>A client of any portal.</summary>
    public static Task<McpClient> ConnectAsync(Uri endpoint, string key, McpClientOptions options) => McpClient.CreateAsync(
        new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = endpoint,
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = $"Bearer {key}" },
        }),
        options,
        cancellationToken: Stop);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Calls.DisposeAsync();
    }
}
