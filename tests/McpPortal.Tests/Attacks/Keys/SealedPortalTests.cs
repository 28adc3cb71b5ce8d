#pragma warning disable CA1416 // Key files with modes are tested where there are modes.
using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Audit;
using McpPortal.Calls;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Promises;
using McpPortal.Tests.Rig;
using McpPortal.Vault;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Attacks.Keys;

/// <summary>The whole portal on a database with data, with a root key that is not its own.</summary>
public sealed class SealedPortalTests(PostgresCluster cluster) : IAsyncLifetime
{
    // A node's sign of life; and the healthy portal beside it writes down when keys were used.
    private static readonly string[] Alive = ["nodes", "access_keys"];
    private readonly string _keyFile = Path.Combine(Path.GetTempPath(), $"portal-{Guid.NewGuid():n}.key");
    private CallRig _rig = null!;
    private UserId _ana;
    private string _key = "";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _rig = await CallRig.StartAsync(cluster);
        _ana = await _rig.AddUserAsync("ana");
        var server = await _rig.AddServerAsync(_ana, "who", _rig.Whoami, CallRig.Header);
        await _rig.SetAsync(_ana, server, "token-of-ana");
        _key = _rig.Portal.Database.Canaries.Watch("access key of ana", (await _rig.Get<AccessKeys>().CreateAsync(_ana, "test", readOnly: false, servers: null, expiresAt: null, Actor.Page(_ana), Stop))!);
    }

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        File.Delete(_keyFile);
    }

    [Theory]
    [InlineData("missing", "is missing. Restore it from your recovery copy; a new key cannot read the data.")]
    [InlineData("one byte off", "is not the one of this installation")]
    [InlineData("of another installation", "is not the one of this installation")]
    [InlineData("cut", "does not hold a root key: 32 bytes as base64 are expected. Restore the key of this installation.")]
    public async Task KEY_1_With_another_root_key_the_portal_lives_and_writes_nothing_and_KEY_2_opens_when_its_own_is_back(string kind, string message)
    {
        var own = _rig.Portal.RootKey;
        Write(kind, own);
        var rows = await RowHashes.ReadAsync(_rig.Portal.Database, Alive);
        await using var portal = await _rig.Portal.AnotherNodeAsync(
            _rig.Portal.Database,
            _rig.Sandbox.Address,
            Ports.Free(),
            ("Vault:RootKeyFile", _keyFile),
            ("Sandbox:Url", _rig.Sandbox.Address),
            ("Providers:late:ClientId", "late"),
            ("Providers:late:ClientSecret", "sandbox-late"),
            ("Providers:late:AuthorizationEndpoint", $"{_rig.Sandbox.Address}/late"),
            ("Providers:late:TokenEndpoint", $"{_rig.Sandbox.Address}/late"),
            ("Providers:late:UserInfoEndpoint", $"{_rig.Sandbox.Address}/late"));
        using var client = new HttpClient { BaseAddress = new Uri(portal.Address) };

        Assert.Equal((200, "ok"), await GetAsync(client, "/healthz"));
        Assert.Equal((503, "sealed"), await GetAsync(client, "/readyz"));
        Assert.Contains(message, portal.Services.GetRequiredService<VaultState>().Reason, StringComparison.Ordinal);
        foreach (var (path, body) in new[] { ("/secrets/set", """{"serverName":"who","secretName":"token","secretValue":"new"}"""), ("/mcp/tool/call", """{"serverName":"who","methodName":"whoami"}""") })
        {
            var (status, answer) = await PostAsync(client, path, body);
            Assert.Equal(503, status);
            Assert.Equal("Sealed", (string?)JsonNode.Parse(answer)!["title"]);
            Assert.DoesNotContain(_keyFile, answer, StringComparison.Ordinal);
        }

        Assert.IsType<CallOutcome.Refused>(await CallRig.CallAsync(portal.Services.GetRequiredService<UpstreamCallService>(), new Caller(_ana, CallVia.Console), "who", "whoami"));
        using (var page = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "Accept", "text/html" } } })
        {
            using var answer = await client.SendAsync(page, Stop);
            Assert.NotEqual(HttpStatusCode.InternalServerError, answer.StatusCode);
        }

        Assert.Equal(rows, await RowHashes.ReadAsync(_rig.Portal.Database, Alive));

        Write("own", own);
        var (ready, _) = await Eventually.AskAsync(() => GetAsync(client, "/readyz"), answer => answer.Status == 200, TimeSpan.FromSeconds(60));
        Assert.Equal((200, "ready"), ready);
        Assert.Equal(200, (await PostAsync(client, "/secrets/set", """{"serverName":"who","secretName":"token","secretValue":"newer-token-of-ana"}""")).Status);
        Assert.Equal(CallRig.Hash("newer-token-of-ana"), CallRig.HashIn(await CallRig.CallAsync(portal.Services.GetRequiredService<UpstreamCallService>(), new Caller(_ana, CallVia.Console), "who", "whoami")));
    }

    private void Write(string kind, string own)
    {
        File.Delete(_keyFile);
        var bytes = Convert.FromBase64String(own);
        bytes[17] ^= 1;
        var text = kind switch
        {
            "own" => own,
            "one byte off" => Convert.ToBase64String(bytes),
            "of another installation" => RootKey.Generate().Export(),
            "cut" => own[..40],
            _ => null,
        };
        if (text is not null)
        {
            File.WriteAllText(_keyFile, text);
            File.SetUnixFileMode(_keyFile, UnixFileMode.UserRead);
        }
    }

    private static async Task<(int Status, string Text)> GetAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, Stop);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    private async Task<(int Status, string Text)> PostAsync(HttpClient client, string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"), Headers = { { "X-Api-Key", _key } } };
        using var answer = await client.SendAsync(request, Stop);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }
}
