using McpPortal.Sandbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Sandbox;

public sealed class SandboxPagesTests
{
    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Sign_in_and_consent_take_one_click_each_and_come_back(ColorScheme scheme, int width)
    {
        await using var sandbox = SandboxApp.Create(new SandboxOptions { Urls = "http://127.0.0.1:0" });
        await sandbox.StartAsync(TestContext.Current.CancellationToken);
        await using var client = await StartClientAsync();
        var home = client.Urls.Single().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        var page = await browser.NewPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 900 } });
        List<string> complaints = [];
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                complaints.Add(message.Text);
            }
        };

        await page.GotoAsync(Authorize(sandbox, "/oidc/authorize", "portal", "openid email", home));
        Assert.Empty(await FindingsAsync(page));
        await page.GetByTestId("signin-ana").ClickAsync();
        await page.WaitForURLAsync(url => url.StartsWith($"{home}/back?code=", StringComparison.Ordinal));

        await page.GotoAsync(Authorize(sandbox, "/google/authorize", "sandbox-google-client", "email https://www.googleapis.com/auth/gmail.readonly", home));
        Assert.Empty(await FindingsAsync(page));
        await Assertions.Expect(page.GetByTestId("account-ana@gmail.sandbox.test")).ToBeCheckedAsync();
        await page.GetByTestId("consent-allow").ClickAsync();
        await page.WaitForURLAsync(url => url.StartsWith($"{home}/back?code=", StringComparison.Ordinal));

        await page.GotoAsync(Authorize(sandbox, "/github/login/oauth/authorize", "sandbox-github-client", "repo", home));
        Assert.Empty(await FindingsAsync(page));
        await page.GetByTestId("consent-deny").ClickAsync();
        await page.WaitForURLAsync(url => url.StartsWith($"{home}/back?error=access_denied", StringComparison.Ordinal));
        Assert.Empty(complaints);
    }

    /// <summary>Accessibility findings, and whether the page is wider than its window.</summary>
    private static async Task<string[]> FindingsAsync(IPage page)
    {
        var overflows = await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > window.innerWidth");
        return overflows ? ["The page is wider than its window."] : await Accessibility.FindingsAsync(page);
    }

    private static string Authorize(WebApplication sandbox, string path, string client, string scope, string home) =>
        QueryHelpers.AddQueryString(sandbox.SandboxAddress() + path, new Dictionary<string, string?>
        {
            ["client_id"] = client,
            ["redirect_uri"] = $"{home}/back",
            ["response_type"] = "code",
            ["scope"] = scope,
            ["code_challenge"] = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            ["code_challenge_method"] = "S256",
        });

    private static async Task<WebApplication> StartClientAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/back", () => Results.Content("<!DOCTYPE html><title>Back</title><link rel=\"icon\" href=\"data:,\">Back", "text/html"));
        await app.StartAsync();
        return app;
    }
}
