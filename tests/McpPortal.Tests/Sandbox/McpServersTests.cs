using System.Net;
using System.Text.Json.Nodes;
using McpPortal.Sandbox.Faults;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Sandbox;

public sealed class McpServersTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("2025-06-18")]
    public async Task Whoami_answers_each_user_with_their_own_hash_and_count(string? version)
    {
        await using var sandbox = await SandboxHost.StartAsync();
        await Task.WhenAll(Enumerable.Range(1, 8).Select(async number =>
        {
            var token = $"token-of-user-{number}";
            await using var client = await ConnectAsync(sandbox, "whoami", ("Authorization", $"Bearer {token}"), version);
            for (var call = 1; call <= 3; call++)
            {
                var answer = JsonNode.Parse(Text(await client.CallToolAsync("whoami", new Dictionary<string, object?> { ["delayMs"] = 5 })))!;
                Assert.Equal(Hash(token), (string?)answer["sha256"]);
                Assert.Equal(call, (int)answer["count"]!);
            }
        }));
        var stats = (await sandbox.StatsAsync()).Servers["whoami"];
        Assert.Equal(8, stats["sessions"]);
        Assert.Equal(24, stats["calls"]);
    }

    [Fact]
    public async Task A_session_outlives_the_renewal_of_its_token()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GitHubAsync(sandbox, "ana-dev");
        using var http = new HttpClient(new Renewing(() => ana.AccessToken));
        await using var client = await ConnectAsync(sandbox, "whoami", http, "2025-06-18");
        Assert.Contains(Hash(ana.AccessToken), Text(await client.CallToolAsync("whoami")), StringComparison.Ordinal);
        await ana.RefreshAsync();
        Assert.Contains(Hash(ana.AccessToken), Text(await client.CallToolAsync("whoami")), StringComparison.Ordinal);
        Assert.Equal(1, (await sandbox.StatsAsync()).Servers["whoami"]["sessions"]);
    }

    [Theory]
    [InlineData("whoami")]
    [InlineData("github")]
    [InlineData("vault-demo")]
    public async Task No_credential_is_401_and_opens_no_session(string server)
    {
        await using var sandbox = await SandboxHost.StartAsync();
        using var response = await sandbox.Browser.PostAsync($"/mcp/{server}", new StringContent("""{"jsonrpc":"2.0","id":1,"method":"initialize"}""", null, "application/json"));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.NotEmpty(response.Headers.WwwAuthenticate);
        Assert.Empty((await sandbox.StatsAsync()).Servers);
    }

    [Fact]
    public async Task Github_acts_as_the_account_of_the_token()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GitHubAsync(sandbox, "ana-dev");
        await using var client = await ConnectAsync(sandbox, "github", ("Authorization", $"Bearer {ana.AccessToken}"));
        Assert.Equal(["create_issue", "get_me", "list_issues", "list_repos"], (await client.ListToolsAsync()).Select(tool => tool.Name).Order());
        Assert.Equal("ana-dev", (string?)JsonNode.Parse(Text(await client.CallToolAsync("get_me")))!["login"]);
        Assert.Contains("ana-dev/notes", Text(await client.CallToolAsync("list_repos")), StringComparison.Ordinal);
        var created = await client.CallToolAsync("create_issue", Arguments("ana-dev", "notes", "Buy bread"));
        Assert.Equal(3, (int)JsonNode.Parse(Text(created))!["number"]!);
        Assert.Contains("Buy bread", Text(await client.CallToolAsync("list_issues", Arguments("ana-dev", "notes"))), StringComparison.Ordinal);
        var foreign = await client.CallToolAsync("list_issues", Arguments("ben-dev", "notes"));
        Assert.True(foreign.IsError);
        Assert.Contains("no repository ben-dev/notes", Text(foreign), StringComparison.Ordinal);

        await sandbox.Browser.PostAsync("/sandbox/expire", new StringContent("{}", null, "application/json"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp/github") { Content = new StringContent("{}", null, "application/json") };
        request.Headers.Authorization = new("Bearer", ana.AccessToken);
        using var response = await sandbox.Browser.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("invalid_token", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_vault_shows_entries_of_the_key_and_never_the_key()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var one = await ReadAsync("first-demo-key");
        Assert.Equal(one, await ReadAsync("first-demo-key"));
        Assert.NotEqual(one, await ReadAsync("second-demo-key"));
        Assert.DoesNotContain("first-demo-key", one, StringComparison.Ordinal);

        async Task<string> ReadAsync(string key)
        {
            await using var client = await ConnectAsync(sandbox, "vault-demo", ("X-Api-Key", key));
            return Text(await client.CallToolAsync("read_vault"));
        }
    }

    [Fact]
    public async Task Whoami_has_tools_that_misbehave()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        await using var client = await ConnectAsync(sandbox, "whoami", ("X-Whoami-Token", "abc"));
        Assert.Equal("hello", Text(await client.CallToolAsync("echo", new Dictionary<string, object?> { ["text"] = "hello" })));
        Assert.Equal(Hash("k"), Text(await client.CallToolAsync("hash_argument", new Dictionary<string, object?> { ["credential"] = "k" })));
        Assert.True((await client.CallToolAsync("fail")).IsError);
        Assert.Equal(2000, Text(await client.CallToolAsync("large", new Dictionary<string, object?> { ["bytes"] = 2000 })).Length);
        var step = new TaskCompletionSource<string?>();
        var progress = new Steps(value => step.TrySetResult(value.Message));
        Assert.Equal("Counted to 3.", Text(await client.CallToolAsync("count", new Dictionary<string, object?> { ["to"] = 3, ["stepMs"] = 50 }, progress)));
        Assert.EndsWith("of 3", await step.Task.WaitAsync(TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_can_be_told_to_answer_401()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        await sandbox.FaultAsync(new Fault { Endpoint = "mcp/whoami", Status = 401, Times = 1 });
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(sandbox, "whoami", ("X-Api-Key", "abc"), "2025-06-18"));
        await using var client = await ConnectAsync(sandbox, "whoami", ("X-Api-Key", "abc"), "2025-06-18");
        Assert.NotEmpty(await client.ListToolsAsync());
    }

    [Fact]
    public async Task Whoami_over_stdio_hashes_its_environment_variable()
    {
        var transport = new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = "dotnet",
            Arguments = [typeof(McpPortal.Sandbox.SandboxApp).Assembly.Location, "--stdio", "whoami"],
            InheritEnvironmentVariables = false,
            EnvironmentVariables = new Dictionary<string, string?>(StdioClientTransportOptions.GetDefaultEnvironmentVariables()) { ["WHOAMI_TOKEN"] = "stdio-secret" },
        });
        await using var client = await McpClient.CreateAsync(transport);
        var answer = JsonNode.Parse(Text(await client.CallToolAsync("whoami")))!;
        Assert.Equal(Hash("stdio-secret"), (string?)answer["sha256"]);
        Assert.Equal("stdio", (string?)answer["transport"]);
    }

    private static Dictionary<string, object?> Arguments(string owner, string repo, string? title = null) => title is null
        ? new() { ["owner"] = owner, ["repo"] = repo }
        : new() { ["owner"] = owner, ["repo"] = repo, ["title"] = title };

    private static async Task<McpClient> ConnectAsync(SandboxHost sandbox, string server, (string Name, string Value) header, string? version = null) =>
        await McpClient.CreateAsync(
            new HttpClientTransport(new() { Endpoint = new Uri($"{sandbox.Address}/mcp/{server}"), AdditionalHeaders = new Dictionary<string, string> { [header.Name] = header.Value }, TransportMode = HttpTransportMode.StreamableHttp }),
            new McpClientOptions { ProtocolVersion = version });

    private static async Task<McpClient> ConnectAsync(SandboxHost sandbox, string server, HttpClient http, string version) =>
        await McpClient.CreateAsync(
            new HttpClientTransport(new() { Endpoint = new Uri($"{sandbox.Address}/mcp/{server}"), TransportMode = HttpTransportMode.StreamableHttp, EnableStandaloneGetStream = false }, http),
            new McpClientOptions { ProtocolVersion = version });

    private static string Text(CallToolResult result) => string.Concat(result.Content.OfType<TextContentBlock>().Select(block => block.Text));

    private static string Hash(string credential) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(credential)));

    private sealed class Steps(Action<ModelContextProtocol.ProgressNotificationValue> report) : IProgress<ModelContextProtocol.ProgressNotificationValue>
    {
        public void Report(ModelContextProtocol.ProgressNotificationValue value) => report(value);
    }

    /// <summary>Puts the current token into each request, as the portal does.</summary>
    private sealed class Renewing(Func<string> token) : DelegatingHandler(new HttpClientHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = new("Bearer", token());
            return base.SendAsync(request, cancellationToken);
        }
    }
}
