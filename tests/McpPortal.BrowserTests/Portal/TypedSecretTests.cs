using System.Collections.Concurrent;
using System.Text;
using McpPortal.Tests.Rig.Canaries;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>A secret goes from the keyboard to the vault and is seen nowhere on the way back.</summary>
[Collection(PortalTests.Name)]
public sealed class TypedSecretTests(PortalInUse inUse)
{
    [Fact]
    public async Task LEAK_5_A_secret_that_is_typed_leaves_once_and_never_comes_back()
    {
        var secret = Canary.New("typed");
        var sent = new ConcurrentQueue<string>();
        await using var ana = await inUse.EnterAsync("ana");
        var page = await ana.NewPageAsync();
        page.WebSocket += (_, socket) => socket.FrameSent += (_, frame) => sent.Enqueue(frame.Binary is { } bytes ? Encoding.UTF8.GetString(bytes) : frame.Text ?? "");
        await page.GotoAsync("/servers/vault-demo");
        await page.WaitForCircuitAsync();
        var field = page.Locator("input[type=password]").First;
        await field.FillAsync(secret);
        await field.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "Replace" }).WaitForAsync();
        Assert.Single(sent, frame => frame.Contains(secret, StringComparison.Ordinal));

        foreach (var path in (string[])["/servers/vault-demo", "/secrets", "/console?server=vault-demo", "/servers"])
        {
            await page.GotoAsync(path);
            await page.WaitForCircuitAsync();
            Assert.DoesNotContain(Canary.Tag, await page.ContentAsync(), StringComparison.Ordinal);
            Assert.DoesNotContain(Canary.Tag, page.Url, StringComparison.Ordinal);
        }

        var console = await ConsoleInUse.OpenAsync(ana, "vault-demo");
        Assert.Equal("succeeded", await console.RunAsync("read_vault"));
        var kept = await page.EvaluateAsync<string>("JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, document.cookie, [...document.querySelectorAll('input,textarea')].map(e => e.value)])");
        Assert.DoesNotContain(Canary.Tag, kept, StringComparison.Ordinal);

        Assert.True(inUse.Canaries.Heard(HeardPages.Frames) > 0 && inUse.Canaries.Heard(HeardPages.Documents) > 0, "Nothing was heard, so nothing was shown.");
        Assert.Empty(inUse.Canaries.Leaks());
    }
}
