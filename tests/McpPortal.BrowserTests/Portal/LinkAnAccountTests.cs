using McpPortal.Sandbox;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>A person links their account at another issuer and removes the link again, in a real browser.</summary>
[Collection(PortalTests.Name)]
public sealed class LinkAnAccountTests(PortalInUse inUse)
{
    [Fact]
    public async Task By_signing_in_there_once_more()
    {
        await using var elsewhere = SandboxApp.Create(new SandboxOptions { Urls = inUse.Portal.Elsewhere });
        await elsewhere.StartAsync(TestContext.Current.CancellationToken);
        await LinkAsync(1440, ColorScheme.Light);
        await LinkAsync(390, ColorScheme.Dark);
    }

    private async Task LinkAsync(int width, ColorScheme scheme)
    {
        await using var ana = await inUse.EnterAsync("ana", width);
        var page = await ana.NewPageAsync();
        await page.EmulateMediaAsync(new() { ColorScheme = scheme });
        await page.GotoAsync("/profile");
        await page.WaitForCircuitAsync();
        var links = page.GetByRole(AriaRole.List, new() { Name = "accounts elsewhere" });
        await links.GetByRole(AriaRole.Button, new() { Name = "Link" }).PressAsync("Enter");

        // The content security policy lets the form lead there, and the issuer asks although it knows the browser.
        await page.WaitForURLAsync(url => url.StartsWith(inUse.Portal.Elsewhere, StringComparison.Ordinal));
        await page.GetByTestId("signin-ana").ClickAsync();

        await page.WaitForURLAsync(url => url == new Uri(inUse.Portal.Address, "/profile").ToString());
        await page.WaitForCircuitAsync();
        await links.GetByText("as sandbox-ana").WaitForAsync();
        Assert.Equal(1, await page.GetByText("Signs in through").CountAsync());
        Assert.Empty(await Accessibility.FindingsAsync(page));
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "The page is wider than the window.");

        await links.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove link" }).ClickAsync();
        await links.GetByRole(AriaRole.Button, new() { Name = "Link" }).WaitForAsync();
        Assert.Empty(inUse.Canaries.Leaks());
    }
}
