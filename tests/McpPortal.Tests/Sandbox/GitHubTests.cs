using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace McpPortal.Tests.Sandbox;

public sealed class GitHubTests
{
    [Fact]
    public async Task Errors_come_with_status_200()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var (status, body) = await ProviderAccount.ExchangeAsync(sandbox, "github", "no-such-code");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("bad_verification_code", (string?)body["error"]);
        Assert.Null(body["access_token"]);
    }

    [Fact]
    public async Task A_wrong_verifier_is_refused()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var back = await sandbox.ClickAsync(ProviderAccount.AuthorizePath("github", "repo"), ("decision", "allow"), ("account", "ana-dev"));
        var (_, body) = await ProviderAccount.ExchangeAsync(sandbox, "github", back["code"], "another-verifier-that-is-long-enough-0123456789-abc");
        Assert.Equal("bad_verification_code", (string?)body["error"]);
    }

    [Fact]
    public async Task Without_an_accept_header_the_answer_is_a_form()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        using var response = await sandbox.Browser.PostAsync(ProviderAccount.TokenPath("github"), SandboxHost.Form(ProviderAccount.Form("github", "refresh_token", ("refresh_token", "x"))));
        Assert.Equal("application/x-www-form-urlencoded", response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("error=bad_refresh_token&", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_live_eight_hours_and_refresh_tokens_work_once()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GitHubAsync(sandbox, "ana-dev");
        Assert.Equal(28_800, (int)ana.Tokens["expires_in"]!);
        Assert.Equal("repo,read:user", (string?)ana.Tokens["scope"]);
        var first = ana.RefreshToken;
        await ana.RefreshAsync();
        Assert.NotEqual(first, ana.RefreshToken);
        var (status, body) = await ana.RefreshAsync(first);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("bad_refresh_token", (string?)body["error"]);
    }

    [Fact]
    public async Task The_api_shows_an_account_its_own()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GitHubAsync(sandbox, "ana-dev");
        var ben = await ProviderAccount.GitHubAsync(sandbox, "ben-dev");
        Assert.Equal("ana-dev", (string?)(await ana.GetAsync("/github/api/user"))["login"]);
        using var created = await ana.SendAsync(HttpMethod.Post, "/github/api/repos/ana-dev/notes/issues", JsonContent.Create(new { title = "Water the plants", body = "Twice a week" }));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var issues = await ana.GetAsync("/github/api/repos/ana-dev/notes/issues");
        Assert.Equal("Water the plants", (string?)issues[0]!["title"]);
        Assert.Equal("ana-dev", (string?)issues[0]!["user"]!["login"]);
        using var foreign = await ben.SendAsync(HttpMethod.Get, "/github/api/repos/ana-dev/notes/issues");
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        var repositories = await ben.GetAsync("/github/api/user/repos");
        Assert.Equal(["ben-dev/notes", "ben-dev/website", "sandbox-org/handbook"], repositories.AsArray().Select(repository => (string)repository!["full_name"]!));
    }

    [Fact]
    public async Task Deleting_the_grant_ends_the_token()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GitHubAsync(sandbox, "ana-dev");
        Assert.Equal(HttpStatusCode.NotFound, await DeleteAsync("wrong"));
        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync("sandbox-only-not-a-secret-github"));
        using var refused = await ana.SendAsync(HttpMethod.Get, "/github/api/user");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("Bad credentials", (string?)(await refused.Content.ReadFromJsonAsync<JsonObject>())!["message"]);
        Assert.Equal("bad_refresh_token", (string?)(await ana.RefreshAsync()).Body["error"]);

        async Task<HttpStatusCode> DeleteAsync(string secret)
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, "/github/api/applications/sandbox-github-client/grant") { Content = JsonContent.Create(new { access_token = ana.AccessToken }) };
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"sandbox-github-client:{secret}")));
            using var response = await sandbox.Browser.SendAsync(request);
            return response.StatusCode;
        }
    }
}
