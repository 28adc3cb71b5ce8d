using System.Net;
using System.Net.Http.Headers;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Tests.Sandbox;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace McpPortal.Tests.Attacks.Leaks;

/// <summary>A portal before the sandbox with somebody signed in by browser, who has an access key and a planted secret for one server.</summary>
internal sealed class SignedInPortal : IAsyncDisposable
{
    private SignedInPortal(SandboxHost sandbox, PortalHost portal) => (Sandbox, Portal, Browser, Program) = (sandbox, portal, portal.Browser(), portal.Browser());

    public SandboxHost Sandbox { get; }

    public PortalHost Portal { get; }

    /// <summary>Signed in with a cookie.</summary>
    public HttpClient Browser { get; }

    /// <summary>Has the access key.</summary>
    public HttpClient Program { get; }

    public UserId Ana { get; private set; }

    public ServerSnapshot Server { get; private set; } = null!;

    public string Secret { get; } = Canary.New("token");

    public CanaryScan Canaries => Portal.Database.Canaries;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<SignedInPortal> StartAsync(PostgresCluster cluster, params (string Key, string Value)[] settings)
    {
        var sandbox = await SandboxHost.StartAsync(options => options.AutoConsent = true);
        var portal = new SignedInPortal(sandbox, await PortalHost.StartAsync(cluster, sandbox.Address, Ports.Free(), settings));
        Assert.Equal("/servers", await portal.FollowAsync("/signin?login_hint=ana&returnUrl=%2Fservers"));
        await using (var scope = await portal.Get<PortalDatabase>().ForSystemAsync(Stop))
        {
            portal.Ana = (await scope.Db.Users.SingleAsync(Stop)).Id;
        }

        var draft = new ServerDraft { Slug = "who", Name = "Who", Url = $"{sandbox.Address}/mcp/whoami", Credentials = [CallRig.Header] };
        Assert.IsType<ServerEditResult.Saved>(await portal.Get<ServerEditor>().AddAsync(draft, null, everyone: true, Actor.CommandLine, Stop));
        portal.Server = Assert.IsType<ServerSnapshot>(await portal.Get<ServerCatalog>().FindAsync(portal.Ana, "who", Stop));
        Assert.IsType<SecretEditResult.Saved>(await portal.Get<SecretStore>().SetAsync(portal.Ana, portal.Server, "token", portal.Secret, Actor.Page(portal.Ana), Stop));
        var key = await portal.Get<AccessKeys>().CreateAsync(portal.Ana, "test", readOnly: false, servers: null, expiresAt: null, Actor.Page(portal.Ana), Stop);
        portal.Program.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", portal.Canaries.Watch("the access key", key!));
        return portal;
    }

    public T Get<T>()
        where T : notnull => Portal.Services.GetRequiredService<T>();

    /// <summary>Follows redirects until a page of the portal is reached.</summary>
    public async Task<string> FollowAsync(string path)
    {
        var address = new Uri(Browser.BaseAddress!, path);
        for (var hop = 0; hop < 8; hop++)
        {
            using var response = await Browser.GetAsync(address, Stop);
            if (response.StatusCode != HttpStatusCode.Found)
            {
                break;
            }

            address = new Uri(address, response.Headers.Location!);
            if (address.AbsolutePath is "/servers" or "/connections")
            {
                break;
            }
        }

        return address.AbsolutePath;
    }

    public async Task<object?> SqlAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Portal.Database.Owner);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        Browser.Dispose();
        Program.Dispose();
        await Portal.DisposeAsync();
        await Sandbox.DisposeAsync();
    }
}
