using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>A person lets an MCP client in and ends it again, in a real browser: from the client's link over the sign-in to the consent page and back.</summary>
[Collection(PortalTests.Name)]
public sealed class LetAClientInTests(PortalInUse inUse)
{
    private const string Verifier = "a-verifier-that-is-long-enough-for-rfc-7636-0123456789";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task By_keyboard_and_the_browser_follows_to_the_client(int width, ColorScheme scheme)
    {
        using var http = new HttpClient { BaseAddress = inUse.Portal.Address };
        using var client = new CallbackListener();
        var (id, link) = await AskAsync(http, client.Address.AbsoluteUri);
        await using var context = await inUse.NewContextAsync(width);
        var page = await context.NewPageAsync();
        await page.EmulateMediaAsync(new() { ColorScheme = scheme });

        await page.GotoAsync(link);
        await page.GetByTestId("signin-ana").ClickAsync();

        await page.GetByRole(AriaRole.Heading, new() { Name = "Let Editor of the test use your tools?" }).WaitForAsync();
        Assert.Empty(await Accessibility.FindingsAsync(page));
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "The page is wider than the window.");
        var answered = client.AnswerAsync(Stop);
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow", Exact = true }).PressAsync("Enter");

        // The content security policy lets the form lead there, and nowhere else.
        var query = await answered;
        Assert.Equal(("state-1", inUse.Portal.Address.GetLeftPart(UriPartial.Authority)), (query["state"], query["iss"]));
        var access = await ExchangeAsync(http, client, id, query["code"]);
        Assert.Equal(HttpStatusCode.OK, await KnockAsync(http, access));

        await page.GotoAsync("/access");
        await page.WaitForCircuitAsync();
        await page.GetByText("Editor of the test").First.WaitForAsync();
        Assert.Empty(await Accessibility.FindingsAsync(page));
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "The page is wider than the window.");
        await page.RevokeClientAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await KnockAsync(http, access));
        Assert.Empty(inUse.Canaries.Leaks());
    }

    /// <summary>A hosted client sends the browser on from its callback, to a host that no policy of the portal's can know.</summary>
    [Fact]
    public async Task The_browser_follows_on_where_the_client_sends_it()
    {
        using var http = new HttpClient { BaseAddress = inUse.Portal.Address };
        using var client = new CallbackListener();
        using var next = new TcpListener(IPAddress.Loopback, 0);
        next.Start();
        var (_, link) = await AskAsync(http, client.Address.AbsoluteUri);
        await using var person = await inUse.EnterAsync("test-317");
        var page = await person.NewPageAsync();
        await page.GotoAsync(link);
        var answered = client.SendOnAsync(new Uri($"https://localhost:{((IPEndPoint)next.LocalEndpoint).Port}/done"), Stop);
        var followed = HangUpAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Allow", Exact = true }).ClickAsync();

        await answered;
        await followed.WaitAsync(TimeSpan.FromSeconds(20), Stop);

        async Task HangUpAsync()
        {
            using var knock = await next.AcceptTcpClientAsync(Stop);
            next.Stop();
        }
    }

    [Theory]
    [InlineData("test-318", 1440, ColorScheme.Light)]
    [InlineData("test-319", 390, ColorScheme.Dark)]
    public async Task An_app_is_opened_and_the_page_says_so(string user, int width, ColorScheme scheme)
    {
        const string App = "cursor://anysphere.cursor-mcp/oauth/callback";
        using var http = new HttpClient { BaseAddress = inUse.Portal.Address };
        var (_, link) = await AskAsync(http, App);
        await using var person = await inUse.EnterAsync(user, width, heard: false); // the code is in the page, for the app
        var page = await person.NewPageAsync();
        await page.EmulateMediaAsync(new() { ColorScheme = scheme });
        await page.GotoAsync(link);
        await page.GetByText(", an app on the computer in front of you").WaitForAsync();
        var opened = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var devTools = await person.NewCDPSessionAsync(page);
        devTools.Event("Page.frameRequestedNavigation").OnEvent += (_, said) =>
        {
            if (said!.Value.GetProperty("url").GetString() is { } url && !url.StartsWith("http", StringComparison.Ordinal))
            {
                opened.TrySetResult(url);
            }
        };
        await devTools.SendAsync("Page.enable");

        await page.GetByRole(AriaRole.Button, new() { Name = "Allow", Exact = true }).PressAsync("Enter");

        await page.GetByRole(AriaRole.Heading, new() { Name = "Back to Editor of the test" }).WaitForAsync();
        Assert.StartsWith(App + "?code=", await page.GetByRole(AriaRole.Link, new() { Name = "Open Editor of the test" }).GetAttributeAsync("href"), StringComparison.Ordinal);
        Assert.StartsWith(App + "?code=", await opened.Task.WaitAsync(TimeSpan.FromSeconds(20), Stop), StringComparison.Ordinal);
        Assert.Empty(await Accessibility.FindingsAsync(page));
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "The page is wider than the window.");
        Assert.Empty(inUse.Canaries.Leaks());
    }

    /// <summary>A client registers, and makes the link that it opens.</summary>
    private static async Task<(string Id, string Link)> AskAsync(HttpClient http, string redirectUri)
    {
        using var registered = await http.PostAsJsonAsync("/register", new { client_name = "Editor of the test", redirect_uris = new[] { redirectUri } }, Stop);
        var id = (string)(await registered.Content.ReadFromJsonAsync<JsonNode>(Stop))!["client_id"]!;
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
        return (id, $"/authorize?response_type=code&client_id={id}&redirect_uri={Uri.EscapeDataString(redirectUri)}&state=state-1&code_challenge={challenge}&code_challenge_method=S256");
    }

    private async Task<string> ExchangeAsync(HttpClient http, CallbackListener client, string id, string code)
    {
        using var answer = await http.PostAsync("/token", new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "authorization_code", ["client_id"] = id, ["code"] = code, ["redirect_uri"] = client.Address.AbsoluteUri, ["code_verifier"] = Verifier,
        }), Stop);
        return inUse.Canaries.Watch("an access token", (string)(await answer.Content.ReadFromJsonAsync<JsonNode>(Stop))!["access_token"]!);
    }

    private static async Task<HttpStatusCode> KnockAsync(HttpClient http, string access)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp")
        {
            Content = JsonContent.Create(new { jsonrpc = "2.0", id = 1, method = "initialize", @params = new { protocolVersion = "2025-11-25", capabilities = new { }, clientInfo = new { name = "test", version = "1" } } }),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", access) },
        };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        using var answer = await http.SendAsync(request, Stop);
        return answer.StatusCode;
    }
}
