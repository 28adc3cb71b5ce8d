using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>The clients that a person has let in, on the Access page.</summary>
internal static class AuthorisedClientsList
{
    /// <summary>Revokes the only one.</summary>
    public static async Task RevokeClientAsync(this IPage page)
    {
        await page.GetByRole(AriaRole.List, new() { Name = "authorised clients" }).GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke access" }).ClickAsync();
        await page.GetByText("None yet.").WaitForAsync();
    }
}
