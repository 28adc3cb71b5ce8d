using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Clients.ActAs;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Tests.Attacks.Authorization;
using McpPortal.Tests.Gateway;
using McpPortal.Tests.Rig;
using Microsoft.EntityFrameworkCore;
using ModelContextProtocol.Client;

namespace McpPortal.Tests.Clients.ActAs;

/// <summary>The whole portal with a group, and a program that may ask its members.</summary>
internal sealed class ActAsRig : IAsyncDisposable
{
    public const string Program = "Night job";

    private ActAsRig(GatewayRig gateway, GroupId group, string key, string keyId) => (Gateway, Group, Key, KeyId) = (gateway, group, key, keyId);

    public GatewayRig Gateway { get; }

    public GroupId Group { get; }

    public string Key { get; }

    public string KeyId { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<ActAsRig> StartAsync(PostgresCluster cluster, params (string Key, string Value)[] settings)
    {
        var gateway = await GatewayRig.StartAsync(cluster, settings);
        await using var scope = await gateway.Calls.Get<PortalDatabase>().ForSystemAsync(Stop);
        var group = new Group { Name = "Team" };
        scope.Db.Groups.Add(group);
        await scope.CommitAsync(Stop);
        var (key, id) = await KeyAsync(gateway, group.Id);
        return new ActAsRig(gateway, group.Id, key, id);
    }

    public T Get<T>()
        where T : notnull => Gateway.Calls.Get<T>();

    public Task<object?> SqlAsync(string sql) => Gateway.Calls.SqlAsync(sql);

    public Task<(string Key, string Id)> AnotherKeyAsync() => KeyAsync(Gateway, Group);

    /// <summary>Somebody with a credential at the server <c>who</c>; in the group and with the program switched on, unless a test says otherwise.</summary>
    public async Task<(UserId User, string Key, string Hash)> PersonAsync(string name, bool member = true, bool allows = true)
    {
        var person = await Gateway.PersonAsync(name);
        await SqlAsync($"insert into identities (issuer, subject, user_id, created_at) values ('https://login.example', '{name}', '{person.User}', now())");
        await JoinAsync(person.User);
        if (allows)
        {
            Assert.True(await AllowAsync(person.User, true));
        }

        if (!member)
        {
            await LeaveAsync(person.User);
        }

        return person;
    }

    public Task<bool> AllowAsync(UserId user, bool allowed) => Get<ActAsConsents>().SetAsync(user, KeyId, allowed, Actor.Page(user), Stop);

    public Task JoinAsync(UserId user) => GroupsAsync(user, scope =>
    {
        scope.Db.GroupMembers.Add(new GroupMember { GroupId = Group, UserId = user });
        return Task.CompletedTask;
    });

    public Task LeaveAsync(UserId user) => GroupsAsync(user, scope => scope.Db.GroupMembers.Where(m => m.GroupId == Group && m.UserId == user).ExecuteDeleteAsync(Stop));

    /// <summary>Calls <c>whoami</c> over REST.</summary>
    public Task<(HttpStatusCode Status, string Body)> CallAsync(string? username, string? key = null, string path = "/mcp/tool/call", string? address = null) =>
        PostAsync(address, path, key ?? Key, null, new { username, serverName = "who", methodName = "whoami", secretName = "token", secretValue = "stolen" });

    /// <summary>Calls a method of revision 2026-07-28 at the gateway.</summary>
    public Task<(HttpStatusCode Status, string Body)> AskAsync(string? name, string method = "tools/call", string? key = null, string path = "/mcp/who", string? address = null, JsonObject? parameters = null)
    {
        const string Meta = "io.modelcontextprotocol/";
        parameters ??= new JsonObject { ["name"] = "whoami" };
        parameters["_meta"] = new JsonObject
        {
            [$"{Meta}protocolVersion"] = "2026-07-28", [$"{Meta}clientCapabilities"] = new JsonObject { ["elicitation"] = new JsonObject { ["url"] = new JsonObject() } },
        };
        return PostAsync(address, path, key ?? Key, name, new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = parameters }, request =>
        {
            request.Headers.Add("MCP-Protocol-Version", "2026-07-28");
            request.Headers.Add("Mcp-Method", method);
            if ((parameters["name"] ?? parameters["uri"]) is { } subject)
            {
                request.Headers.Add("Mcp-Name", (string)subject!);
            }
        });
    }

    public async Task<(HttpStatusCode Status, string Body)> PostAsync(string? address, string path, string key, string? name, object body, Action<HttpRequestMessage>? dress = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri((address ?? Gateway.Calls.Portal.Address) + path)) { Content = JsonContent.Create(body), Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        if (name is not null)
        {
            request.Headers.Add(ServiceKeyHandler.UserHeader, name);
        }

        dress?.Invoke(request);
        using var answer = await Gateway.Http.SendAsync(request, Stop);
        return (answer.StatusCode, EstateIds.Hide(await answer.Content.ReadAsStringAsync(Stop)));
    }

    public Task<McpClient> ConnectAsync(string path, string name, string version) => McpClient.CreateAsync(
        new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = Gateway.Address(path),
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = $"Bearer {Key}", [ServiceKeyHandler.UserHeader] = name },
        }),
        new McpClientOptions { ProtocolVersion = version },
        cancellationToken: Stop);

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();

    private static async Task<(string Key, string Id)> KeyAsync(GatewayRig gateway, GroupId group)
    {
        var key = await gateway.Calls.Get<ServiceKeys>().CreateAsync(Program, group, expiresAt: null, Actor.CommandLine, Stop);
        gateway.Calls.Portal.Database.Canaries.Watch("a service key", key!);
        Assert.True(AccessKeyText.TryParse(key!, ServiceKeys.Prefix, out var id));
        return (key!, id!);
    }

    /// <summary>As whoever edits groups tells the nodes.</summary>
    private async Task GroupsAsync(UserId user, Func<SystemScope, Task> change)
    {
        await using var scope = await Get<PortalDatabase>().ForSystemAsync(Stop);
        await change(scope);
        Get<Invalidations>().Publish(scope, InvalidationKind.Groups, user.Value);
        await scope.CommitAsync(Stop);
    }
}
