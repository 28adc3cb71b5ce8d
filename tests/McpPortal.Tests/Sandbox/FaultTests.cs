using System.Net;
using System.Net.Http.Json;
using McpPortal.Sandbox.Faults;
using McpPortal.Tests.StreamableHttp;

namespace McpPortal.Tests.Sandbox;

public sealed class FaultTests
{
    private const string Ana = "ana@gmail.sandbox.test";

    [Fact]
    public async Task Reuse_of_a_rotated_refresh_token_revokes_the_family()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        await sandbox.FaultAsync(new Fault { Endpoint = "google/token", Rotate = true, DetectReuse = true });
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        var first = ana.RefreshToken;
        Assert.Equal(HttpStatusCode.OK, (await ana.RefreshAsync()).Status);
        var second = ana.RefreshToken;
        Assert.NotEqual(first, second);
        Assert.Equal("invalid_grant", (string?)(await ana.RefreshAsync(first)).Body["error"]);
        Assert.Equal("invalid_grant", (string?)(await ana.RefreshAsync(second)).Body["error"]);
        using var refused = await ana.SendAsync(HttpMethod.Get, "/google/userinfo");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        var stats = await sandbox.StatsAsync();
        Assert.Equal(1, stats.ReuseDetected);
        Assert.Equal(1, stats.FamiliesRevoked);
        Assert.Equal(3, stats.Accounts[$"google:{Ana}"]["refreshes"]);
        Assert.Equal(2, stats.Accounts[$"google:{Ana}"]["refused"]);
        Assert.Empty(stats.LiveFamilies);
    }

    [Fact]
    public async Task Within_the_grace_time_an_old_refresh_token_still_works()
    {
        var time = new ManualTime();
        await using var sandbox = await SandboxHost.StartAsync(time: time);
        await sandbox.FaultAsync(new Fault { Endpoint = "google/token", Rotate = true, DetectReuse = true, GraceSeconds = 30 });
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        var first = ana.RefreshToken;
        await ana.RefreshAsync();
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(HttpStatusCode.OK, (await ana.RefreshAsync(first)).Status);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.BadRequest, (await ana.RefreshAsync(first)).Status);
    }

    [Fact]
    public async Task Drop_after_commit_rotates_and_then_hangs_up()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GitHubAsync(sandbox, "ana-dev");
        await sandbox.FaultAsync(new Fault { Endpoint = "github/token", DropAfterCommit = true, Times = 1, DetectReuse = true });
        await Assert.ThrowsAsync<HttpRequestException>(() => ana.RefreshAsync());
        Assert.Equal(1, (await sandbox.StatsAsync()).Accounts["github:ana-dev"]["refreshes"]);
        Assert.Equal("bad_refresh_token", (string?)(await ana.RefreshAsync()).Body["error"]);
    }

    [Fact]
    public async Task A_status_hits_as_often_as_asked_and_does_no_work()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        await sandbox.FaultAsync(new Fault { Endpoint = "google/token", Status = 503, Times = 2, RetryAfterSeconds = 7, Body = "{}" });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await ana.RefreshAsync()).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await ana.RefreshAsync()).Status);
        Assert.Equal(HttpStatusCode.OK, (await ana.RefreshAsync()).Status);
        var stats = await sandbox.StatsAsync();
        Assert.Equal(4, stats.Requests["google/token"]);
        Assert.Equal(1, stats.Accounts[$"google:{Ana}"]["refreshes"]);
    }

    [Fact]
    public async Task An_error_comes_in_the_providers_own_style()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var google = await ProviderAccount.GoogleAsync(sandbox, Ana);
        var github = await ProviderAccount.GitHubAsync(sandbox, "ana-dev");
        await sandbox.FaultAsync(new Fault { Endpoint = "google/token", Error = "invalid_client" });
        await sandbox.FaultAsync(new Fault { Endpoint = "github/token", Error = "unauthorized_client" });
        var (googleStatus, googleBody) = await google.RefreshAsync();
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (googleStatus, (string?)googleBody["error"]));
        var (githubStatus, githubBody) = await github.RefreshAsync();
        Assert.Equal((HttpStatusCode.OK, "unauthorized_client"), (githubStatus, (string?)githubBody["error"]));
    }

    [Fact]
    public async Task Access_tokens_end_after_their_lifetime_or_at_once()
    {
        var time = new ManualTime();
        await using var sandbox = await SandboxHost.StartAsync(time: time);
        await sandbox.FaultAsync(new Fault { Endpoint = "google/token", TokenSeconds = 10 });
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        Assert.Equal(10, (int)ana.Tokens["expires_in"]!);
        await ana.GetAsync("/google/userinfo");
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(ana));
        await ana.RefreshAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(ana));
        await sandbox.Browser.PostAsJsonAsync("/sandbox/expire", new ExpireRequest("google", Ana));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(ana));
    }

    [Fact]
    public async Task A_delay_holds_the_answer_back()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        await sandbox.FaultAsync(new Fault { Endpoint = "oidc/jwks", DelayMs = 60_000 });
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sandbox.Browser.GetStringAsync("/oidc/jwks", timeout.Token));
        await sandbox.Browser.DeleteAsync("/sandbox/faults");
        Assert.Contains("keys", await sandbox.Browser.GetStringAsync("/oidc/jwks"), StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(ProviderAccount account)
    {
        using var response = await account.SendAsync(HttpMethod.Get, "/google/userinfo");
        return response.StatusCode;
    }
}
