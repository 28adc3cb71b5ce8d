using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sandbox;
using McpPortal.Vault;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace McpPortal.Tests.Connections;

/// <summary>Portal nodes on one database before the sandbox's providers, with one clock for all of them.</summary>
internal sealed class ConnectionsRig : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("portal-connections-");
    private readonly List<ConnectionsNode> _nodes = [];
    private readonly Dictionary<string, string?> _settings;
    private readonly TestDatabase _database;

    private ConnectionsRig(TestDatabase database, SandboxHost sandbox, SkewedTime time)
    {
        (_database, Sandbox, Time) = (database, sandbox, time);
        var key = Path.Combine(_folder.FullName, "root.key");
        FileRootKey.Create(key).Dispose();
        _settings = new Dictionary<string, string?>(database.Settings)
        {
            ["Vault:RootKeyFile"] = key,
            ["Connections:JournalFolder"] = JournalFolder,
            ["Outbound:AllowedHosts:0"] = new Uri(sandbox.Address).Authority,
            ["Providers:google:ClientId"] = sandbox.Options.Google.Id,
            ["Providers:google:ClientSecret"] = sandbox.Options.Google.Secret,
            ["Providers:google:Issuer"] = $"{sandbox.Address}/google",
            ["Providers:google:AuthorizationEndpoint"] = $"{sandbox.Address}/google/authorize",
            ["Providers:google:TokenEndpoint"] = $"{sandbox.Address}/google/token",
            ["Providers:google:RevocationEndpoint"] = $"{sandbox.Address}/google/revoke",
            ["Providers:google:UserInfoEndpoint"] = $"{sandbox.Address}/google/userinfo",
            ["Providers:github:ClientId"] = sandbox.Options.GitHub.Id,
            ["Providers:github:ClientSecret"] = sandbox.Options.GitHub.Secret,
            ["Providers:github:AuthorizationEndpoint"] = $"{sandbox.Address}/github/login/oauth/authorize",
            ["Providers:github:TokenEndpoint"] = $"{sandbox.Address}/github/login/oauth/access_token",
            ["Providers:github:RevocationEndpoint"] = $"{sandbox.Address}/github/api/applications/{{client_id}}/grant",
            ["Providers:github:UserInfoEndpoint"] = $"{sandbox.Address}/github/api/user",
        };
    }

    public static CredentialNeed GitHub { get; } = new() { Name = "github", Source = CredentialSource.Connection, Placement = CredentialPlacement.Bearer, Provider = "github", Scopes = ["repo"] };

    public static CredentialNeed Google { get; } = new() { Name = "google", Source = CredentialSource.Connection, Placement = CredentialPlacement.Bearer, Provider = "google", Scopes = ["https://www.googleapis.com/auth/gmail.readonly"] };

    public static Uri Portal { get; } = new("http://localhost:5080/");

    public SandboxHost Sandbox { get; }

    public SkewedTime Time { get; }

    public CollectedLogs Logs { get; } = new();

    public string JournalFolder => Path.Combine(_folder.FullName, "journal");

    /// <summary>The first node.</summary>
    public ConnectionsNode Node => _nodes[0];

    public SignInSessionId SignIn { get; } = SignInSessionId.New();

    public UserId Ana { get; private set; }

    public UserId Ben { get; private set; }

    public ServerSnapshot Server { get; private set; } = null!;

    public ConnectTarget GitHubTarget => new(Server, GitHub, Server.Destination);

    public ConnectTarget GoogleTarget => new(Server, Google, Server.Destination);

    public static async Task<ConnectionsRig> StartAsync(PostgresCluster cluster, int? maxPoolSize = null)
    {
        var time = new SkewedTime();
        var rig = new ConnectionsRig(await cluster.CreateAsync(), await SandboxHost.StartAsync(time: time), time);
        if (maxPoolSize is { } connections)
        {
            rig._settings["ConnectionStrings:System"] += string.Create(System.Globalization.CultureInfo.InvariantCulture, $";Maximum Pool Size={connections}");
        }

        await rig.AddNodeAsync();
        rig.Ana = await rig.AddUserAsync("Ana");
        rig.Ben = await rig.AddUserAsync("Ben");
        rig.Server = await rig.AddServerAsync("tools", "https://tools.example:443");
        return rig;
    }

    public async Task<ConnectionsNode> AddNodeAsync()
    {
        var node = await ConnectionsNode.StartAsync(_settings, Time, Logs, _database.Canaries.Logs);
        _nodes.Add(node);
        return node;
    }

    public async Task StopNodeAsync(ConnectionsNode node)
    {
        _nodes.Remove(node);
        await node.DisposeAsync();
    }

    public async Task<UserId> AddUserAsync(string name)
    {
        await using var scope = await Node.Database.ForSystemAsync(default);
        var user = new User { DisplayName = name };
        scope.Db.Users.Add(user);
        await scope.CommitAsync(default);
        return user.Id;
    }

    public async Task<ServerSnapshot> AddServerAsync(string slug, string destination)
    {
        await using var scope = await Node.Database.ForSystemAsync(default);
        var server = new Server { Slug = slug, Name = "Tools", Transport = ServerTransport.Http, Url = "https://tools.example/mcp", Destination = destination, Credentials = [GitHub, Google] };
        scope.Db.Servers.Add(server);
        await scope.CommitAsync(default);
        return ServerSnapshot.Of(server);
    }

    public ConnectRequest Request(ConnectTarget target, UserId? user = null, ConnectionId? reconnect = null, string? returnPath = null) => new()
    {
        User = user ?? Ana,
        SignIn = SignIn,
        Provider = target.Need.Provider!,
        Portal = Portal,
        Targets = [target],
        Reconnect = reconnect,
        ReturnPath = returnPath,
    };

    /// <summary>Begins and clicks through the provider's consent page; what comes back has not been completed yet.</summary>
    public async Task<ConnectReturn> ConsentAsync(ConnectRequest request, string account, ConnectionsNode? node = null)
    {
        var start = Assert.IsType<ConnectStart.Redirect>(await (node ?? Node).Flow.BeginAsync(request, default));
        _database.Canaries.Watch("the state of a connect", QueryHelpers.ParseQuery(start.Address.Query)["state"].ToString());
        var scopes = QueryHelpers.ParseQuery(start.Address.Query)["scope"].ToString().Split(' ').Select(scope => ("scope", scope));
        var query = await Sandbox.ClickAsync(start.Address.PathAndQuery, [("account", account), ("decision", "allow"), .. scopes]);
        return new ConnectReturn
        {
            User = request.User,
            SignIn = request.SignIn,
            Provider = request.Provider,
            State = query.GetValueOrDefault("state"),
            Code = query.GetValueOrDefault("code"),
            Error = query.GetValueOrDefault("error"),
            Issuer = query.GetValueOrDefault("iss"),
        };
    }

    public async Task<ConnectionId> ConnectAsync(ConnectTarget target, string account, UserId? user = null) =>
        Assert.IsType<ConnectResult.Connected>(await Node.Flow.CompleteAsync(await ConsentAsync(Request(target, user), account), default)).Connection;

    public async Task<IReadOnlyList<Connection>> RowsAsync()
    {
        await using var scope = await Node.Database.ForSystemAsync(default);
        return await scope.Db.Connections.AsNoTracking().OrderBy(c => c.Id).ToListAsync();
    }

    public async Task<Connection> RowAsync(ConnectionId id) => (await RowsAsync()).Single(row => row.Id == id);

    public async Task<string> RevealAsync(TokenResult result)
    {
        using var plaintext = await Node.Tokens.RevealAsync(Assert.IsType<TokenResult.Token>(result), default);
        return plaintext.Reveal();
    }

    /// <summary>Runs SQL as the owner of the tables.</summary>
    public async Task SqlAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database.Owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<long> RefreshesAsync(string account, string what = "refreshes") =>
        (await Sandbox.StatsAsync()).Accounts.GetValueOrDefault(account)?.GetValueOrDefault(what) ?? 0;

    public async Task<int> LiveAsync(string account) => (await Sandbox.StatsAsync()).LiveFamilies.GetValueOrDefault(account);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        await Sandbox.DisposeAsync();
        if (Directory.Exists(JournalFolder))
        {
            _database.Canaries.HearFolder(JournalFolder);
        }

        _folder.Delete(recursive: true);
        await _database.DisposeAsync();
    }
}
