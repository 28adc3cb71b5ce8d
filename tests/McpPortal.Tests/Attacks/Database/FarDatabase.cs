using System.Net;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using McpPortal.Vault;
using Npgsql;

namespace McpPortal.Tests.Attacks.Database;

/// <summary>
/// A portal whose database lies behind a hop that fails on demand, and beside it a healthy one through which people and servers come in.
/// Some people each have a key and a secret that programs change.
/// </summary>
internal sealed class FarDatabase : IAsyncDisposable
{
    private readonly string _superuser;

    private FarDatabase(CallRig near, string superuser) => (Near, _superuser, Hop) = (near, superuser, new FaultProxy(new NpgsqlConnectionStringBuilder(near.Portal.Database.App).Port));

    /// <summary>The healthy portal.</summary>
    public CallRig Near { get; }

    public FaultProxy Hop { get; }

    /// <summary>The portal behind the hop.</summary>
    public PortalHost Portal { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public IReadOnlyList<(string Key, UserId Owner, string Server)> Programs { get; private set; } = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<FarDatabase> StartAsync(PostgresCluster cluster, int people = 3, bool reachable = true, string? app = null, string? system = null)
    {
        var near = await CallRig.StartAsync(cluster);
        var far = new FarDatabase(near, cluster.ConnectionString(PostgresCluster.Superuser, near.Portal.Database.Name));
        var programs = new List<(string, UserId, string)>();
        foreach (var name in new[] { "ana", "ben", "cara" }.Take(people))
        {
            var user = await near.AddUserAsync(name);
            var key = await near.Get<AccessKeys>().CreateAsync(user, "test", readOnly: false, servers: null, expiresAt: null, Actor.Page(user), Stop);
            programs.Add((near.Portal.Database.Canaries.Watch($"access key of {name}", key!), user, "who"));
        }

        await near.AddServerAsync(programs[0].Item2, "who", near.Whoami, CallRig.Header);
        far.Programs = programs;
        if (!reachable)
        {
            far.Hop.Refuse();
        }

        far.Portal = await near.Portal.AnotherNodeAsync(
            near.Portal.Database,
            near.Sandbox.Address,
            Ports.Free(),
            ("ConnectionStrings:App", far.Through(near.Portal.Database.App, app)),
            ("ConnectionStrings:System", far.Through(near.Portal.Database.System, system)),
            ("Outbound:AllowedHosts:0", new Uri(near.Sandbox.Address).Authority));
        far.Client = new HttpClient { BaseAddress = new Uri(far.Portal.Address), Timeout = TimeSpan.FromSeconds(100) };
        return far;
    }

    public Task<Writers> WritersAsync(string? address = null) =>
        Writers.AtAsync(Near.Get<PortalDatabase>(), Near.Get<SecretVault>(), address ?? Portal.Address, Programs);

    /// <summary>Status of an address of the portal behind the hop.</summary>
    public async Task<int> StatusAsync(string path)
    {
        using var answer = await Client.GetAsync(path, Stop);
        return (int)answer.StatusCode;
    }

    /// <summary>Waits until an address answers so.</summary>
    public async Task<TimeSpan> UntilAsync(string path, HttpStatusCode status)
    {
        var (last, after) = await Eventually.AskAsync(() => StatusAsync(path), now => now == (int)status, TimeSpan.FromSeconds(SoakSize.Of(60, 10)));
        Assert.Equal((int)status, last);
        return after;
    }

    /// <summary>Runs SQL as the database's operator.</summary>
    public async Task<object?> OperateAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_superuser + ";Pooling=false");
        await connection.OpenAsync(Stop);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 60 };
        return await command.ExecuteScalarAsync(Stop);
    }

    /// <summary>A connection of the database's operator that holds what it locks until it is closed.</summary>
    public async Task<NpgsqlConnection> HoldAsync(string sql)
    {
        var connection = new NpgsqlConnection(_superuser + ";Pooling=false");
        await connection.OpenAsync(Stop);
        await using var command = new NpgsqlCommand($"begin; {sql}", connection);
        await command.ExecuteNonQueryAsync(Stop);
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        Hop.Pass();
        if (Portal is not null)
        {
            await Portal.DisposeAsync();
        }

        await Hop.DisposeAsync();
        await Near.DisposeAsync();
    }

    private string Through(string connectionString, string? more)
    {
        var builder = new NpgsqlConnectionStringBuilder($"{connectionString};{more}") { Port = Hop.Port };
        return builder.ConnectionString;
    }
}
