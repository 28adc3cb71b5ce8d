using McpPortal.Data;
using McpPortal.Sessions.Registry;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Gateway;

/// <summary>Two nodes of one portal, and clients of 2025-11-25 at either.</summary>
internal sealed class SessionRig : IAsyncDisposable
{
    private SessionRig(GatewayRig gateway, PortalHost two) => (Gateway, Two) = (gateway, two);

    public GatewayRig Gateway { get; }

    public PortalHost One => Gateway.Calls.Portal;

    public PortalHost Two { get; }

    /// <summary>Whether the second node was stopped by the test.</summary>
    public bool TwoIsStopped { get; set; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<SessionRig> StartAsync(PostgresCluster cluster, params (string Key, string Value)[] settings)
    {
        var gateway = await GatewayRig.StartAsync(cluster, settings);
        var two = await gateway.Calls.Portal.AnotherNodeAsync(gateway.Calls.Portal.Database, gateway.Calls.Sandbox.Address, Ports.Free(), settings);
        return new SessionRig(gateway, two);
    }

    public SessionClient At(PortalHost node, string key, string path = "/mcp") => new(Gateway.Http, new Uri(node.Address + path), key);

    public Task<SessionClient> BeginAsync(PortalHost node, string key, string path = "/mcp") => At(node, key, path).BeginAsync(Stop);

    /// <summary>The registry's rows of a user, in the order in which they began.</summary>
    public static async Task<IReadOnlyList<ClientSession>> RowsAsync(PortalHost node, UserId user)
    {
        await using var scope = await node.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop);
        return await scope.Db.ClientSessions.AsNoTracking().Where(s => s.UserId == user).OrderBy(s => s.Id).ToListAsync(Stop);
    }

    public Task<IReadOnlyList<ClientSession>> RowsAsync(UserId user) => RowsAsync(One, user);

    /// <summary>Waits until a user's rows are as wanted.</summary>
    public Task UntilAsync(UserId user, Func<IReadOnlyList<ClientSession>, bool> wanted, string what, double seconds = 20) =>
        CallRig.UntilAsync(async () => wanted(await RowsAsync(user)), what, seconds);

    /// <summary>As a page would end it.</summary>
    public static ClientSessions RegistryOf(PortalHost node) => node.Services.GetRequiredService<ClientSessions>();

    public async ValueTask DisposeAsync()
    {
        if (!TwoIsStopped)
        {
            await Two.DisposeAsync();
        }

        await Gateway.DisposeAsync();
    }
}
