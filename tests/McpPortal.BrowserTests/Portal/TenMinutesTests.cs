using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>The first ten minutes of a newcomer: sign in, connect an account, make a key, paste what the page shows into a client, and work.</summary>
[Collection(PortalTests.Name)]
public sealed class TenMinutesTests(PortalInUse inUse)
{
    [Theory]
    [InlineData("test-301", 1440, 900)]
    [InlineData("test-302", 390, 844)]
    public async Task A_newcomer_connects_an_account_and_then_a_client(string user, int width, int height)
    {
        await using var person = await inUse.EnterAsync(user, width, height, heard: false); // it is shown a key
        await ConnectGitHubAsync(person);
        var page = await person.NewPageAsync();
        await page.AddInitScriptAsync("navigator.clipboard.writeText = async text => { window.copied = text; }");
        await page.GotoAsync("/access");
        await page.WaitForCircuitAsync();
        await page.GetByTestId("client-vscode").WaitForAsync();
        Assert.Empty(await Accessibility.FindingsAsync(page));
        await AssertFitsAsync(page);

        var name = $"my client at {width} pixels";
        var dialog = await CreateKeyAsync(page, name);
        var key = inUse.Canaries.Watch("an access key", await dialog.Locator("code").First.InnerTextAsync());
        await AssertLinksAsync(dialog, key);
        var all = await CopyAsync(page, dialog, "other", server: null);
        var (tools, text) = await ConfiguredClient.CallAsync(all, "github__get_me");
        Assert.Contains("everything__echo", tools);
        Assert.Contains($"{user}-dev", text, StringComparison.Ordinal);

        var one = await CopyAsync(page, dialog, "vscode", server: "github");
        (tools, text) = await ConfiguredClient.CallAsync(one, "get_me");
        Assert.Contains("list_repos", tools);
        Assert.DoesNotContain("echo", tools);
        Assert.Contains($"{user}-dev", text, StringComparison.Ordinal);

        Assert.Empty(await Accessibility.FindingsAsync(page));
        await AssertFitsAsync(page);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "I have saved it" }).ClickAsync();
        await page.GetByRole(AriaRole.Listitem).GetByText(name, new() { Exact = true }).WaitForAsync();
        await Assertions.Expect(dialog).ToHaveCountAsync(0);
        Assert.DoesNotContain(key, await page.ContentAsync(), StringComparison.Ordinal);
        await page.GotoAsync("/activity");
        await page.WaitForCircuitAsync();
        await page.GetByText(name).First.WaitForAsync();
    }

    [Fact]
    public async Task The_clients_can_be_walked_with_the_keyboard()
    {
        await using var person = await inUse.EnterAsync("test-303");
        var page = await person.NewPageAsync();
        await page.GotoAsync("/access");
        await page.WaitForCircuitAsync();
        await page.GetByTestId("client-vscode").FocusAsync();

        await page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(page.GetByTestId("client-cursor")).ToBeFocusedAsync();
        await Assertions.Expect(page.GetByTestId("client-cursor")).ToHaveAttributeAsync("aria-selected", "true");
        await Assertions.Expect(page.GetByTestId("client-install")).ToHaveTextAsync("Add to Cursor");
        await page.Keyboard.PressAsync("End");
        await Assertions.Expect(page.GetByTestId("client-other")).ToBeFocusedAsync();
        await Assertions.Expect(page.GetByTestId("client-install")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.GetByRole(AriaRole.Tabpanel)).ToBeFocusedAsync();
    }

    private static async Task ConnectGitHubAsync(IBrowserContext person)
    {
        var page = await person.NewPageAsync();
        await page.GotoAsync("/connect/github");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue to" }).ClickAsync();
        await page.GetByTestId("consent-allow").ClickAsync();
        await page.WaitForURLAsync("**/connections?*");
        await page.CloseAsync();
    }

    private static async Task<ILocator> CreateKeyAsync(IPage page, string name)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Create access key" }).First.ClickAsync();
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Save this key now" });
        await dialog.WaitForAsync();
        return dialog;
    }

    /// <summary>What the button copies, which is what the page shows.</summary>
    private static async Task<string> CopyAsync(IPage page, ILocator dialog, string client, string? server)
    {
        await dialog.GetByTestId($"client-{client}").ClickAsync();
        await Assertions.Expect(dialog.GetByTestId($"client-{client}")).ToHaveAttributeAsync("aria-selected", "true");
        await dialog.GetByTestId("client-server").SelectOptionAsync(server ?? "");
        var snippet = dialog.Locator(".client-snippet").First;
        await Assertions.Expect(snippet).ToContainTextAsync(server is null ? "/mcp\"" : $"/mcp/{server}\"");
        await snippet.GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(snippet.GetByRole(AriaRole.Button)).ToContainTextAsync("Copied");
        var copied = await page.EvaluateAsync<string>("window.copied");
        Assert.Equal(await snippet.Locator("code").TextContentAsync(), copied);
        return copied;
    }

    private static async Task AssertLinksAsync(ILocator dialog, string key)
    {
        foreach (var (client, scheme) in ((string, string)[])[("vscode", "vscode:mcp/install?"), ("cursor", "cursor://anysphere.cursor-deeplink/mcp/install?")])
        {
            await dialog.GetByTestId($"client-{client}").ClickAsync();
            var link = dialog.Locator($"a[href^='{scheme}']");
            await link.WaitForAsync();
            var query = Uri.UnescapeDataString((await link.GetAttributeAsync("href"))!);
            var config = query.Contains("config=", StringComparison.Ordinal) ? System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(query[(query.IndexOf("config=", StringComparison.Ordinal) + 7)..])) : "";
            Assert.Contains("Bearer ${", query + config, StringComparison.Ordinal);
            Assert.DoesNotContain(key, query + config, StringComparison.Ordinal);
        }
    }

    private static async Task AssertFitsAsync(IPage page) =>
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('dialog[open]')].every(dialog => dialog.scrollWidth <= dialog.clientWidth)"), "Wider than the window.");
}
