using Microsoft.Playwright;

namespace McpPortal.BrowserTests;

internal static class CircuitMark
{
    /// <summary>Waits until the page's buttons answer: before, they are only a prerendered picture of themselves.</summary>
    public static Task WaitForCircuitAsync(this IPage page) =>
        page.Locator("body[data-circuit=up]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
}
