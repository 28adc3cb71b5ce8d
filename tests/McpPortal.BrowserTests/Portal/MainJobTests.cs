using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>The reason why the portal exists, in a real browser: sign in, connect, call a tool as yourself; beside somebody else; across a restart.</summary>
[Collection(PortalTests.Name)]
public sealed class MainJobTests(PortalInUse inUse)
{
    private const string AnasIssue = "Opened from the console by ana";
    private static readonly string[] Providers = ["google", "github"];

    [Fact]
    public async Task Ana_and_ben_each_work_as_themselves_and_still_do_after_a_restart()
    {
        await using var ana = await inUse.NewContextAsync();
        await using var ben = await inUse.NewContextAsync();
        await Task.WhenAll(EnterAsync(ana, "ana"), EnterAsync(ben, "ben"));

        var anasMail = await MailAsync(ana, "ana");
        var bensMail = await MailAsync(ben, "ben");
        Assert.Empty(anasMail.Intersect(bensMail));
        await CreateIssueAsync(ana);
        Assert.Contains(AnasIssue, await ListIssuesAsync(ana, "ana-dev"), StringComparison.Ordinal);
        Assert.DoesNotContain(AnasIssue, await ListIssuesAsync(ben, "ben-dev"), StringComparison.Ordinal);
        await RestAnswersAsTheKeysOwnerAsync(inUse.Portal);

        await inUse.RestartAsync();

        // The same browsers, the same cookies: nobody signs in or connects again.
        Assert.Equal(anasMail, await MailAsync(ana, "ana"));
        Assert.Equal(bensMail, await MailAsync(ben, "ben"));
        Assert.Contains(AnasIssue, await ListIssuesAsync(ana, "ana-dev"), StringComparison.Ordinal);
    }

    private static async Task EnterAsync(IBrowserContext context, string user)
    {
        var page = await context.NewPageAsync();
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).First.ClickAsync();
        await page.GetByTestId($"signin-{user}").ClickAsync();
        await page.GetByLabel("Signed in as").WaitForAsync();
        foreach (var provider in Providers)
        {
            await page.GotoAsync($"/connect/{provider}");
            await page.GetByRole(AriaRole.Button, new() { Name = "Continue to" }).ClickAsync();
            await page.GetByTestId("consent-allow").ClickAsync();
            await page.WaitForURLAsync("**/connections?*");
        }

        await page.WaitForCircuitAsync();
        await page.GetByText("Connected").Nth(1).WaitForAsync();
        await page.CloseAsync();
    }

    /// <summary>The ids of the messages that the person's own mailbox lists.</summary>
    private static async Task<IReadOnlyList<string>> MailAsync(IBrowserContext context, string user)
    {
        var result = JsonDocument.Parse(await RunAsync(context, "email", "list_emails", $"{user}@gmail.sandbox.test"));
        var ids = result.RootElement.GetProperty("structuredContent").EnumerateObject().First(property => property.Value.ValueKind == JsonValueKind.Array)
            .Value.EnumerateArray().Select(message => message.GetProperty("id").GetString()!).ToList();
        Assert.NotEmpty(ids);
        return ids;
    }

    private static async Task CreateIssueAsync(IBrowserContext context)
    {
        var text = await RunAsync(context, "github", "create_issue", "ana-dev", ("owner", "ana-dev"), ("repo", await FirstRepositoryAsync(context, "ana-dev")), ("title", AnasIssue));
        Assert.Contains(AnasIssue, text, StringComparison.Ordinal);
    }

    private static async Task<string> ListIssuesAsync(IBrowserContext context, string account) =>
        await RunAsync(context, "github", "list_issues", account, ("owner", account), ("repo", await FirstRepositoryAsync(context, account)));

    private static async Task<string> FirstRepositoryAsync(IBrowserContext context, string account)
    {
        var text = await RunAsync(context, "github", "list_repos", account);
        var start = text.IndexOf($"{account}/", StringComparison.Ordinal) + account.Length + 1;
        return new string([.. text.Skip(start).TakeWhile(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.')]);
    }

    /// <summary>Runs a tool in the console as a person does and returns the raw answer that it shows.</summary>
    private static async Task<string> RunAsync(IBrowserContext context, string server, string tool, string account, params (string Field, string Value)[] fields)
    {
        var console = await ConsoleInUse.OpenAsync(context, server);
        Assert.Equal("succeeded", await console.RunAsync(tool, fields));
        Assert.Contains(account, await console.Page.GetByTestId("account").InnerTextAsync(), StringComparison.Ordinal);
        await console.ShownAsync("raw");
        var text = await console.Page.GetByTestId("raw-response").InnerTextAsync();
        await console.Page.CloseAsync();
        return text;
    }

    private static async Task RestAnswersAsTheKeysOwnerAsync(RunningPortal portal)
    {
        var key = (await portal.CommandAsync("access-key", "create", "--user", "ana@sandbox.test", "--name", "test")).TrimEnd().Split('\n')[^1];
        using var http = new HttpClient { BaseAddress = portal.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

        using var own = await http.PostAsJsonAsync("/mcp/tool/call", new { serverName = "email", methodName = "list_emails" });
        var body = await own.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.Equal("succeeded", answer.GetProperty("outcome").GetString());
        Assert.Equal("ana@gmail.sandbox.test", answer.GetProperty("account").GetString());

        using var foreign = await http.PostAsJsonAsync("/mcp/tool/call", new { username = "ben@sandbox.test", serverName = "email", methodName = "list_emails" });
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
    }
}
