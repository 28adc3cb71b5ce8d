using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sandbox;
using Microsoft.AspNetCore.WebUtilities;
using Npgsql;

namespace McpPortal.Tests.Promises;

/// <summary>
/// Two portal processes on one database before one sandbox, and a third node inside the test through which people do what they would do
/// on pages. The catalogue is what the portals filled it with.
/// </summary>
public sealed class PortalPair(PostgresCluster cluster) : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("portal-pair-");
    private readonly SignInSessionId _signIn = SignInSessionId.New();
    private SandboxHost _elsewhere = null!;

    internal SandboxHost Sandbox { get; private set; } = null!;

    /// <summary>Another address with the same servers, which is watched.</summary>
    internal WatchedDoor Door { get; private set; } = null!;

    internal PortalServices Services { get; private set; } = null!;

    internal ServingPortal One { get; private set; } = null!;

    internal ServingPortal Two { get; private set; } = null!;

    internal IReadOnlyList<ServingPortal> Both => [One, Two];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Sandbox = SoakSize.IsFull ? await SandboxHost.StartApartAsync(Stop) : await SandboxHost.StartAsync();
        _elsewhere = await SandboxHost.StartAsync();
        Door = new WatchedDoor(new Uri(_elsewhere.Address));
        Services = await PortalServices.CreateAsync(cluster, Stop, Shared());
        await Services.ListenAsync(Stop);
        var portals = await Task.WhenAll(StartAsync(), StartAsync());
        (One, Two) = (portals[0], portals[1]);
    }

    /// <summary>One more portal process on the same database.</summary>
    internal Task<ServingPortal> StartAsync(params (string Key, string Value)[] settings) => ServingPortal.StartAsync(
        [
            .. Services.TestDatabase.Settings,
            .. Shared(),
            .. settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)),
            new("Vault:RootKeyFile", Services.RootKey),
            new("TMPDIR", _folder.CreateSubdirectory(Guid.NewGuid().ToString("n")).FullName),
            new("Connections:JournalFolder", _folder.CreateSubdirectory(Guid.NewGuid().ToString("n")).FullName),
        ],
        Stop,
        Services.TestDatabase.Canaries);

    /// <summary>One that is no more is started again, with its folders.</summary>
    internal Task<ServingPortal> RestartAsync(ServingPortal dead) => ServingPortal.StartAsync(dead.Settings, Stop, Services.TestDatabase.Canaries);

    internal async Task<Person> AddAsync(string name, Roles roles = Roles.None)
    {
        var user = await Services.AddUserAsync(name, roles);
        var key = await Services.Get<AccessKeys>().CreateAsync(user, "test", readOnly: false, servers: null, expiresAt: null, Actor.Page(user), Stop);
        return new Person(user, Services.TestDatabase.Canaries.Watch($"access key of {name}", key!));
    }

    internal async Task<ServerSnapshot> ServerAsync(Person person, string slug)
    {
        var server = await Services.Get<ServerCatalog>().FindAsync(person.Id, slug, Stop);
        Assert.True(server is not null, $"No server '{slug}' in the catalogue:\n{One.Output()}");
        return server;
    }

    internal async Task SetSecretAsync(Person person, string server, string name, string value) =>
        Assert.IsType<SecretEditResult.Saved>(await Services.Get<SecretStore>().SetAsync(person.Id, await ServerAsync(person, server), name, Services.TestDatabase.Canaries.Watch($"{name} for {server}", value), Actor.Page(person.Id), Stop));

    /// <summary>Goes to the provider and consents, for one server.</summary>
    internal async Task<ConnectionId> ConnectAsync(Person person, string slug, string need, string account)
    {
        var server = await ServerAsync(person, slug);
        var target = new ConnectTarget(server, server.Need(need)!, server.Destination);
        var flow = Services.Get<ConnectFlow>();
        var start = Assert.IsType<ConnectStart.Redirect>(await flow.BeginAsync(
            new ConnectRequest { User = person.Id, SignIn = _signIn, Provider = target.Need.Provider!, Portal = new Uri("http://localhost:5080/"), Targets = [target] }, Stop));
        var scopes = QueryHelpers.ParseQuery(start.Address.Query)["scope"].ToString().Split(' ').Select(scope => ("scope", scope));
        var query = await Sandbox.ClickAsync(start.Address.PathAndQuery, [("account", account), ("decision", "allow"), .. scopes]);
        var back = new ConnectReturn
        {
            User = person.Id,
            SignIn = _signIn,
            Provider = target.Need.Provider!,
            State = query.GetValueOrDefault("state"),
            Code = query.GetValueOrDefault("code"),
            Error = query.GetValueOrDefault("error"),
            Issuer = query.GetValueOrDefault("iss"),
        };
        return Assert.IsType<ConnectResult.Connected>(await flow.CompleteAsync(back, Stop)).Connection;
    }

    /// <summary>Waits until so many calls have reached a sample server.</summary>
    internal async Task UntilCalledAsync(string server, long calls)
    {
        var (reached, _) = await Eventually.AskAsync(() => CallsAsync(server), count => count >= calls, TimeSpan.FromSeconds(60));
        Assert.True(reached >= calls, $"{reached} calls reached {server}, not {calls}.");
    }

    internal async Task<long> CallsAsync(string server) => (await Sandbox.StatsAsync()).Servers.GetValueOrDefault(server)?.GetValueOrDefault("calls") ?? 0;

    /// <summary>Runs SQL as the owner of the tables.</summary>
    internal async Task SqlAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Services.TestDatabase.Owner);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await One.DisposeAsync();
        await Two.DisposeAsync();
        await Door.DisposeAsync();
        await _elsewhere.DisposeAsync();
        await Sandbox.DisposeAsync();
        Services.TestDatabase.Canaries.HearFolder(_folder.FullName);
        _folder.Delete(recursive: true);
        await Services.DisposeAsync();
    }

    private Dictionary<string, string?> Shared() => new(StringComparer.Ordinal)
    {
        ["Oidc:Authority"] = Sandbox.Address,
        ["Sandbox:Url"] = Sandbox.Address,
        ["Outbound:AllowedHosts:0"] = new Uri(Sandbox.Address).Authority,
        ["Outbound:AllowedHosts:1"] = $"127.0.0.1:{Door.Port}",
        ["Servers:Seed:Node"] = "/usr/bin/node",
        // Many programs start at once on few processors.
        ["Stdio:StartTimeout"] = "00:01:00",
        ["Sessions:OpenTimeout"] = "00:01:30",
        ["Providers:github:ClientId"] = Sandbox.Options.GitHub.Id,
        ["Providers:github:ClientSecret"] = Sandbox.Options.GitHub.Secret,
        ["Providers:github:AuthorizationEndpoint"] = $"{Sandbox.Address}/github/login/oauth/authorize",
        ["Providers:github:TokenEndpoint"] = $"{Sandbox.Address}/github/login/oauth/access_token",
        ["Providers:github:RevocationEndpoint"] = $"{Sandbox.Address}/github/api/applications/{{client_id}}/grant",
        ["Providers:github:UserInfoEndpoint"] = $"{Sandbox.Address}/github/api/user",
    };
}
