using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Auth;

/// <summary>Access keys as programs send them, through the portal's own door.</summary>
public sealed class AccessKeyRequestsTests(PostgresCluster cluster) : IAsyncLifetime
{
    private CallRig _rig = null!;
    private HttpClient _http = null!;
    private UserId _ana;
    private string _key = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _rig = await CallRig.StartAsync(cluster);
        _ana = await _rig.AddUserAsync("ana");
        await _rig.SetAsync(_ana, await _rig.AddServerAsync(_ana, "who", _rig.Whoami, CallRig.Header), "token-of-ana");
        _key = await CreateAsync();
        _http = _rig.Portal.Browser();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _rig.DisposeAsync();
    }

    [Theory]
    [InlineData("Authorization", "Bearer {0}")]
    [InlineData("Authorization", "bearer {0}")]
    [InlineData("X-Api-Key", "{0}")]
    public async Task AUTH_9_A_key_in_either_header_calls_as_its_owner(string header, string value)
    {
        var (status, body) = await PostAsync("/mcp/tool/call", (header, string.Format(System.Globalization.CultureInfo.InvariantCulture, value, _key)));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(CallRig.Hash("token-of-ana"), (string?)body!["result"]!["structuredContent"]!["sha256"]);
    }

    [Fact]
    public async Task AUTH_11_Two_credentials_are_refused_whoever_they_belong_to()
    {
        (string, string)[][] pairs =
        [
            [("Authorization", $"Bearer {_key}"), ("X-Api-Key", _key)],
            [("X-Api-Key", _key), ("X-Api-Key", _key)],
            [("Authorization", $"Bearer {_key}"), ("Authorization", "Bearer other")],
            [("Authorization", "Basic eDp5"), ("X-Api-Key", _key)],
        ];
        foreach (var pair in pairs)
        {
            var (status, _) = await PostAsync("/mcp/tool/call", pair);
            Assert.Equal(HttpStatusCode.BadRequest, status);
        }

        await Task.Delay(300, Stop);
        Assert.Equal(0L, await _rig.SqlAsync("select count(*) from tool_calls"));
    }

    [Fact]
    public async Task AUTH_9_A_key_in_the_address_the_body_or_a_cookie_is_none()
    {
        foreach (var path in (string[])[$"/mcp/tool/call?access_token={_key}", $"/mcp/tool/call?api_key={_key}&X-Api-Key={_key}&Authorization=Bearer%20{_key}"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(path)).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/mcp/tool/call", ("Cookie", $"X-Api-Key={_key}; access_token={_key}"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/mcp/tool/call", ("Authorization", _key))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/mcp/tool/call", ("Authorization", $"Basic {_key}"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/mcp/tool/call", ("Proxy-Authorization", $"Bearer {_key}"))).Status);
    }

    [Fact]
    public async Task AUTH_10_Wrong_ended_and_revoked_keys_are_the_same_and_told_nothing()
    {
        var revoked = await CreateAsync();
        await _rig.Get<AccessKeys>().RevokeAsync(_ana, revoked.Substring(5, 12), Actor.Page(_ana), Stop);
        var ended = await CreateAsync(TimeProvider.System.GetUtcNow().AddSeconds(-1));
        var answers = new List<string>();
        foreach (var key in (string[])[revoked, ended, AccessKeyText.Generate().Text, _key[..^1] + (_key[^1] == 'a' ? 'b' : 'a'), "mcpp_short", new string('x', 5000)])
        {
            var (status, body) = await PostAsync("/mcp/tool/call", ("X-Api-Key", key));
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.DoesNotContain(key, body?.ToJsonString() ?? "", StringComparison.Ordinal);
            answers.Add((string)body!["detail"]!);
        }

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task AUTH_9_A_key_acts_for_nobody_but_its_owner()
    {
        await _rig.AddUserAsync("ben");
        foreach (var (name, expected) in ((string?, HttpStatusCode)[])[(null, HttpStatusCode.OK), (_ana.ToString(), HttpStatusCode.OK), ("ana@sandbox.test", HttpStatusCode.OK), ("ben@sandbox.test", HttpStatusCode.NotFound), ("nobody", HttpStatusCode.NotFound)])
        {
            Assert.Equal(expected, (await PostAsync("/mcp/tool/call", name, ("X-Api-Key", _key))).Status);
        }
    }

    private async Task<string> CreateAsync(DateTimeOffset? expiresAt = null) =>
        Assert.IsType<string>(await _rig.Get<AccessKeys>().CreateAsync(_ana, "program", false, null, expiresAt, Actor.Page(_ana), Stop));

    private Task<(HttpStatusCode Status, JsonNode? Body)> PostAsync(string path, params (string Name, string Value)[] headers) => PostAsync(path, null, headers);

    private async Task<(HttpStatusCode Status, JsonNode? Body)> PostAsync(string path, string? username, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = JsonContent.Create(new { username, serverName = "who", methodName = "whoami", access_token = _key }) };
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await _http.SendAsync(request, Stop);
        var text = await response.Content.ReadAsStringAsync(Stop);
        return (response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text) : null);
    }
}
