using McpPortal.BrowserTests.Portal;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Attacks;

/// <summary>What a person sees of it when somebody else ends, kills or frames their page.</summary>
[Collection(PortalTests.Name)]
public sealed class OpenPageTests(PortalInUse inUse)
{
    [Fact]
    public async Task BLZ_1_A_page_whose_sign_in_was_ended_elsewhere_says_so_and_leads_back()
    {
        await using var here = await inUse.EnterAsync("test-201");
        await using var elsewhere = await inUse.EnterAsync("test-201");
        var page = await OpenAsync(here, "/access");
        var profile = await OpenAsync(elsewhere, "/profile");

        await profile.GetByRole(AriaRole.Button, new() { Name = "End all others" }).ClickAsync();
        await profile.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "End all others" }).ClickAsync();

        await page.GetByRole(AriaRole.Heading, new() { Name = "You are signed out" }).WaitForAsync();
        Assert.EndsWith("/signed-out?returnUrl=%2Faccess", page.Url, StringComparison.Ordinal);
        Assert.Equal(0, await page.GetByText("Create access key").CountAsync());
        Assert.Equal("/signin?returnUrl=%2Faccess", await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).GetAttributeAsync("href"));
        await profile.GetByText("This browser").WaitForAsync();
    }

    [Fact]
    public async Task BLZ_5_A_page_survives_the_death_of_the_portal_and_repeats_nothing()
    {
        await using var context = await inUse.EnterAsync("test-202", heard: false);
        var page = await OpenAsync(context, "/access");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create access key" }).First.ClickAsync();
        await page.GetByLabel("Name").FillAsync("made once");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await page.GetByText("made once").First.WaitForAsync();

        await inUse.RestartAsync();

        var reload = page.Locator("#components-reconnect-modal [data-reload]");
        var back = page.Locator("body[data-circuit=up]");
        await reload.Or(back).First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.ReloadAsync();
        await page.WaitForCircuitAsync();
        await page.GetByText("made once").First.WaitForAsync();
        Assert.Equal(1, await page.GetByRole(AriaRole.Listitem).GetByText("made once").CountAsync());
    }

    [Fact]
    public async Task AUTH_15_Nothing_that_signs_in_is_within_reach_of_a_script()
    {
        await using var context = await inUse.EnterAsync("test-203");
        var page = await OpenAsync(context, "/");

        var seen = await page.EvaluateAsync<string>("JSON.stringify([localStorage, sessionStorage, document.cookie])");

        foreach (var cookie in await context.CookiesAsync())
        {
            if (cookie.Name != "theme")
            {
                Assert.True(cookie.HttpOnly, cookie.Name);
                Assert.DoesNotContain(cookie.Value, seen, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain("eyJ", seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/connect/google")]
    [InlineData("/signed-out")]
    public async Task BLZ_8_No_other_site_frames_the_portal(string path)
    {
        await using var context = await inUse.EnterAsync("test-204");
        var page = await context.NewPageAsync();
        // A page of a neighbour on the same machine; it need not exist.
        var neighbour = new Uri(inUse.Portal.Sandbox, "/framing").ToString();
        await page.RouteAsync(neighbour, route => route.FulfillAsync(new() { ContentType = "text/html", Body = "<!doctype html><title>framing</title>" }));
        await page.GotoAsync(neighbour);

        await page.EvaluateAsync("address => new Promise(done => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = address; document.body.append(frame); })", new Uri(inUse.Portal.Address, path).ToString());

        Assert.Equal(2, page.Frames.Count);
        Assert.All(page.Frames.Where(frame => frame != page.MainFrame), frame => Assert.StartsWith("chrome-error://", frame.Url, StringComparison.Ordinal));
    }

    private static async Task<IPage> OpenAsync(IBrowserContext context, string path)
    {
        var page = await context.NewPageAsync();
        await page.GotoAsync(path);
        await page.WaitForCircuitAsync();
        return page;
    }
}
