using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace McpPortal.Tests.EmailServer;

public sealed class ModesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task Two_users_of_one_http_server_are_never_mixed(string version)
    {
        await using var gmail = await FakeGmail.StartAsync();
        gmail.Add("ana", "m1", "for ana", "secret of ana");
        gmail.Add("ben", "m1", "for ben", "secret of ben");
        await using var app = await EmailClients.StartHttpAsync(gmail);
        await using var ana = await EmailClients.OverHttpAsync(app, "tok-ana", version);
        await using var ben = await EmailClients.OverHttpAsync(app, "tok-ben", version);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => (i % 2 == 0 ? ana : ben).CallAsync("read_email", ("id", "m1"))));

        for (var i = 0; i < answers.Length; i++)
        {
            var expected = i % 2 == 0 ? "ana" : "ben";
            Assert.Equal("secret of " + expected, answers[i].Value().GetProperty("body").GetString());
            Assert.Contains("for " + expected, answers[i].Text(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(null, "Bearer")]
    [InlineData("Basic YTpi", "Bearer error=\"invalid_token\"")]
    [InlineData("Bearer ", "Bearer error=\"invalid_token\"")]
    [InlineData("Bearer a b", "Bearer error=\"invalid_token\"")]
    public async Task A_request_without_a_token_is_401(string? authorization, string challenge)
    {
        await using var gmail = await FakeGmail.StartAsync();
        await using var app = await EmailClients.StartHttpAsync(gmail);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, app.Urls.Single() + "/mcp") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await http.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(challenge, response.Headers.WwwAuthenticate.ToString());
        Assert.Contains("not configured for this user", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stdio_serves_the_user_whose_token_it_was_given()
    {
        await using var gmail = await FakeGmail.StartAsync();
        gmail.Add("ben", "m1", "for ben", "hello");
        var errors = new List<string>();
        await using var client = await EmailClients.OverStdioAsync(gmail, errors, ("GMAIL_ACCESS_TOKEN", "tok-ben"));

        var list = await client.CallAsync("list_emails");

        Assert.Equal("for ben", list.Value().GetProperty("emails")[0].GetProperty("subject").GetString());
        Assert.Empty(errors);
    }

    [Fact]
    public async Task Stdio_without_a_token_says_so()
    {
        await using var gmail = await FakeGmail.StartAsync();
        await using var client = await EmailClients.OverStdioAsync(gmail, []);

        Assert.Equal(5, (await client.ListToolsAsync(cancellationToken: Cancel)).Count);
        Assert.Contains("not configured for this user", (await client.CallAsync("list_emails")).Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standalone_refreshes_once_for_many_calls_and_again_when_its_token_is_refused()
    {
        await using var gmail = await FakeGmail.StartAsync();
        gmail.Add("ana", "m1", "for ana", "hello");
        var errors = new List<string>();
        await using var client = await EmailClients.OverStdioAsync(
            gmail, errors, ("GMAIL_CLIENT_ID", "id"), ("GMAIL_CLIENT_SECRET", "secret"), ("GMAIL_REFRESH_TOKEN", "refresh-ana"));

        var first = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.CallAsync("list_emails")));
        Assert.All(first, r => Assert.Equal(1, r.Value().GetProperty("emails").GetArrayLength()));
        Assert.Equal(1, gmail.Refreshes);

        gmail.Accounts.TryRemove("fresh-1", out _);
        var second = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.CallAsync("list_emails")));
        Assert.All(second, r => Assert.Equal(1, r.Value().GetProperty("emails").GetArrayLength()));
        Assert.Equal(2, gmail.Refreshes);
        Assert.DoesNotContain(errors, e => e.Contains("fresh-", StringComparison.Ordinal) || e.Contains("refresh-ana", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(400, "no longer accepts the refresh token")]
    [InlineData(503, "not available right now")]
    public async Task A_failed_refresh_is_a_sentence_without_the_credential(int status, string sentence)
    {
        await using var gmail = await FakeGmail.StartAsync();
        gmail.TokenFault = () => Results.Json(new { error = "invalid_grant", error_description = "refresh-ana secret" }, statusCode: status);
        await using var client = await EmailClients.OverStdioAsync(
            gmail, [], ("GMAIL_CLIENT_ID", "id"), ("GMAIL_CLIENT_SECRET", "secret"), ("GMAIL_REFRESH_TOKEN", "refresh-ana"));

        var problem = (await client.CallAsync("list_folders")).Problem();

        Assert.Contains(sentence, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("refresh-ana", problem, StringComparison.Ordinal);
    }
}
