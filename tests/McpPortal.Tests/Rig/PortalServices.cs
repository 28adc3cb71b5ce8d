using McpPortal.Api;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Clients;
using McpPortal.Connections;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Outbound;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Toolsets;
using McpPortal.Vault;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Rig;

/// <summary>The portal's services up to floor 4 on a fresh database, with an open vault and no web server.</summary>
internal sealed class PortalServices : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly string _rootKey;
    private readonly ServiceProvider _provider;
    private InvalidationPoller? _poller;

    private PortalServices(TestDatabase database, string rootKey, ServiceProvider provider)
    {
        _database = database;
        _rootKey = rootKey;
        _provider = provider;
    }

    public TestDatabase TestDatabase => _database;

    /// <summary>The file with the root key, for further nodes on the same database.</summary>
    public string RootKey => _rootKey;

    public PortalDatabase Database => Get<PortalDatabase>();

    public Invalidations Invalidations => Get<Invalidations>();

    public static async Task<PortalServices> CreateAsync(
        PostgresCluster cluster, CancellationToken cancellationToken, IReadOnlyDictionary<string, string?>? settings = null, string environment = "Development")
    {
        var database = await cluster.CreateAsync(cancellationToken);
        var rootKey = Path.Combine(Path.GetTempPath(), $"portal-{Guid.NewGuid():n}.key");
        FileRootKey.Create(rootKey).Dispose();
        database.Canaries.Watch("the root key", (await File.ReadAllTextAsync(rootKey, cancellationToken)).Trim());
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(database.Settings)
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Vault:RootKeyFile"] = rootKey })
            .AddInMemoryCollection(settings ?? new Dictionary<string, string?>())
            .Build();
        var services = new ServiceCollection();
        var host = new Environment(environment);
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(database.Canaries.Logs));
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSingleton<IHostEnvironment>(host);
        services.AddSingleton(TimeProvider.System);
        services.AddData(configuration);
        services.AddVault(configuration, host);
        services.AddAudit();
        services.AddCoordination();
        services.AddOutbound(configuration);
        services.AddClients(configuration);
        services.AddApi();
        services.AddServers(configuration);
        services.AddConnections(configuration, host);
        services.AddSecrets();
        services.AddToolsets();
        services.AddSingleton<CredentialStates>();
        var portal = new PortalServices(database, rootKey, services.BuildServiceProvider());
        await portal.Get<KeyRing>().OpenAsync(cancellationToken);
        return portal;
    }

    public T Get<T>()
        where T : notnull => _provider.GetRequiredService<T>();

    /// <summary>A new object whose constructor takes services.</summary>
    public T Create<T>(params object[] more) => ActivatorUtilities.CreateInstance<T>(_provider, more);

    /// <summary>From now on this is a node that hears of the others' changes, until it is disposed.</summary>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        _poller = Create<InvalidationPoller>();
        await _poller.StartAsync(cancellationToken);
    }

    /// <summary>As if the poller had just asked: memory may be trusted for two seconds.</summary>
    public void HearInvalidations() => Invalidations.Heard(TimeProvider.System.GetTimestamp());

    public async Task<UserId> AddUserAsync(string name, Roles roles = Roles.None, UserStatus status = UserStatus.Active)
    {
        await using var scope = await Database.ForSystemAsync(CancellationToken.None);
        var user = new User { DisplayName = name, Email = $"{name}@sandbox.test", EmailVerified = true, GrantedRoles = roles, Status = status };
        scope.Db.Users.Add(user);
        await scope.CommitAsync(CancellationToken.None);
        return user.Id;
    }

    public async Task<GroupId> AddGroupAsync(string name, params UserId[] members)
    {
        await using var scope = await Database.ForSystemAsync(CancellationToken.None);
        var group = new Group { Name = name };
        scope.Db.Groups.Add(group);
        scope.Db.GroupMembers.AddRange(members.Select(member => new GroupMember { GroupId = group.Id, UserId = member }));
        await scope.CommitAsync(CancellationToken.None);
        return group.Id;
    }

    /// <summary>What the database itself says to one of its roles.</summary>
    public async Task<object?> ScalarAsync(Func<TestDatabase, string> role, string sql)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(role(_database));
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_poller is { } poller)
        {
            await poller.StopAsync(CancellationToken.None);
            poller.Dispose();
        }

        await _provider.DisposeAsync();
        await _database.DisposeAsync();
        File.Delete(_rootKey);
    }

    private sealed class Environment(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;

        public string ApplicationName { get; set; } = "McpPortal";

        public string ContentRootPath { get; set; } = AppContext.BaseDirectory;

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
