using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Sessions;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sandbox;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace McpPortal.Tests.Calls;

/// <summary>The whole portal with a sandbox beside it; people, servers and secrets come in through the real services.</summary>
internal sealed class CallRig : IAsyncDisposable
{
    public static readonly CredentialNeed Header = new() { Name = "token", Source = CredentialSource.Secret, Placement = CredentialPlacement.Header, Target = "X-Whoami-Token" };
    public static readonly CredentialNeed Bearer = new() { Name = "token", Source = CredentialSource.Secret, Placement = CredentialPlacement.Bearer };

    private CallRig(SandboxHost sandbox, PortalHost portal) => (Sandbox, Portal) = (sandbox, portal);

    public SandboxHost Sandbox { get; private set; }

    public PortalHost Portal { get; }

    public string Whoami => $"{Sandbox.Address}/mcp/whoami";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Starts both; <paramref name="hosts"/> are further loopback addresses that the portal may call.</summary>
    public static async Task<CallRig> StartAsync(PostgresCluster cluster, IEnumerable<string>? hosts = null, params (string Key, string Value)[] settings)
    {
        var port = Ports.Free();
        var sandbox = await SandboxHost.StartAsync(options => options.Urls = $"http://127.0.0.1:{port}");
        return new CallRig(sandbox, await PortalHost.StartAsync(cluster, sandbox.Address, Ports.Free(), Settings(hosts, settings)));
    }

    public static (string Key, string Value)[] Settings(IEnumerable<string>? hosts, params (string Key, string Value)[] more) =>
        [.. (hosts ?? []).Select((host, i) => (string.Create(CultureInfo.InvariantCulture, $"Outbound:AllowedHosts:{i + 1}"), host)), .. more];

    public T Get<T>()
        where T : notnull => Portal.Services.GetRequiredService<T>();

    /// <summary>The sandbox stops and comes back at the same address, remembering nothing.</summary>
    public async Task RestartSandboxAsync()
    {
        var address = Sandbox.Address;
        await Sandbox.DisposeAsync();
        Sandbox = await SandboxHost.StartAsync(options => options.Urls = address);
    }

    public async Task<UserId> AddUserAsync(string name)
    {
        await using var scope = await Get<PortalDatabase>().ForSystemAsync(Stop);
        var user = new User { DisplayName = name, Email = $"{name}@sandbox.test", EmailVerified = true };
        scope.Db.Users.Add(user);
        await scope.CommitAsync(Stop);
        return user.Id;
    }

    public async Task<ServerSnapshot> AddServerAsync(UserId anybody, string slug, string url, params CredentialNeed[] needs)
    {
        var draft = new ServerDraft { Slug = slug, Name = $"Server {slug}", Url = url, Credentials = needs };
        Assert.IsType<ServerEditResult.Saved>(await Get<ServerEditor>().AddAsync(draft, null, everyone: true, Actor.CommandLine, Stop));
        return Assert.IsType<ServerSnapshot>(await Get<ServerCatalog>().FindAsync(anybody, slug, Stop));
    }

    public async Task SetAsync(UserId user, ServerSnapshot server, string value, string name = "token") =>
        Assert.IsType<SecretEditResult.Saved>(await Get<SecretStore>().SetAsync(user, server, name, Portal.Database.Canaries.Watch($"{name} for {server.Slug}", value), Actor.Page(user), Stop));

    public Task<CallOutcome> CallAsync(UserId user, string server, string tool, object? arguments = null, CallOptions? options = null, CancellationToken? cancellationToken = null) =>
        CallAsync(Get<UpstreamCallService>(), new Caller(user, CallVia.Console), server, tool, arguments, options, cancellationToken);

    public static Task<CallOutcome> CallAsync(
        UpstreamCallService calls, Caller caller, string server, string tool, object? arguments = null, CallOptions? options = null, CancellationToken? cancellationToken = null) =>
        calls.CallToolAsync(caller, server, tool, arguments is null ? null : JsonSerializer.SerializeToElement(arguments), options ?? CallOptions.Default, cancellationToken ?? Stop);

    public static JsonNode Result(CallOutcome outcome) =>
        JsonNode.Parse(Assert.IsType<CallOutcome.Succeeded>(outcome, exactMatch: true).Json.Span)!;

    /// <summary>The first text of a result.</summary>
    public static string Text(CallOutcome outcome) => (string)Result(outcome)["content"]![0]!["text"]!;

    /// <summary>What <c>whoami</c> says arrived at it.</summary>
    public static string HashIn(CallOutcome outcome) => (string)Result(outcome)["structuredContent"]!["sha256"]!;

    public static string Hash(string credential) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(credential)));

    public IReadOnlyList<UpstreamSession> Sessions => Get<SessionPool>().Live;

    /// <summary>Runs SQL as the owner of the tables, or another role.</summary>
    public async Task<object?> SqlAsync(string sql, Func<TestDatabase, string>? role = null)
    {
        await using var source = NpgsqlDataSource.Create(role?.Invoke(Portal.Database) ?? Portal.Database.Owner);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, string what, double seconds = 20)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began).TotalSeconds < seconds, what);
            await Task.Delay(20, Stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Portal.DisposeAsync();
        await Sandbox.DisposeAsync();
    }
}
