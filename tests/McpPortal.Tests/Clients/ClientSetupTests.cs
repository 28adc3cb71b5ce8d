using Bunit;
using McpPortal.Clients;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Ui;
using McpPortal.Ui;
using McpPortal.Ui.Controls;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Clients;

public sealed class ClientSetupTests : ComponentTest
{
    private static readonly (string, string)[] Servers = [("github", "GitHub"), ("email", "E-mail")];

    [Fact]
    public async Task Each_client_has_a_tab_with_its_own_texts()
    {
        var page = Show();
        Assert.Equal(["VS Code", "Cursor", "Claude Code", "Claude Desktop", "Other"], page.FindAll("[role=tab]").Select(tab => tab.TextContent));
        Assert.StartsWith("vscode:mcp/install?", page.Find("[data-testid=client-install]").GetAttribute("href"), StringComparison.Ordinal);
        Assert.Contains("${input:mcpportal-key}", Text(page), StringComparison.Ordinal);

        await page.PressAsync("[data-testid=client-claude-desktop]");
        Assert.Equal("Claude Desktop", page.Find("[role=tab][aria-selected=true]").TextContent);
        Assert.Equal(page.Find("[role=tab][aria-selected=true]").Id, page.Find("[role=tabpanel]").GetAttribute("aria-labelledby"));
        Assert.Empty(page.FindAll("[data-testid=client-install]"));
        Assert.Contains("mcp-remote", Text(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_server_can_be_chosen_instead_of_all()
    {
        var page = Show();
        Assert.Contains("\"https://portal.example.org/mcp\"", Text(page), StringComparison.Ordinal);

        await page.ChooseAsync("select", "email");

        Assert.Contains("\"https://portal.example.org/mcp/email\"", Text(page), StringComparison.Ordinal);
        await page.ChooseAsync("select", "");
        Assert.Contains("\"https://portal.example.org/mcp\"", Text(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_gone_is_no_longer_chosen()
    {
        var page = Show();
        await page.ChooseAsync("select", "email");

        page.Render(parameters => parameters.Add(setup => setup.Servers, [("github", "GitHub")]));

        Assert.Contains("\"https://portal.example.org/mcp\"", Text(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_key_stands_in_the_texts_and_in_no_link()
    {
        var key = AccessKeyText.Generate().Text;
        UsePublicUrl();
        var dialog = Render<OnceDialog>(parameters => parameters.Add(once => once.Value, key)
            .AddChildContent<ClientSetup>(child => child.Add(setup => setup.Servers, Servers).Add(setup => setup.Key, key)));
        foreach (var client in (string[])["vscode", "cursor", "claude-code", "claude-desktop", "other"])
        {
            await dialog.PressAsync($"[data-testid=client-{client}]");

            Assert.Contains(key, dialog.Find(".client-snippet code").TextContent, StringComparison.Ordinal);
            Assert.All(dialog.FindAll("a"), link => Assert.DoesNotContain(key, link.OuterHtml, StringComparison.Ordinal));
        }
    }

    private static string Text(IRenderedComponent<ClientSetup> page) => page.Find(".client-snippet code").TextContent;

    private IRenderedComponent<ClientSetup> Show()
    {
        UsePublicUrl();
        return Render<ClientSetup>(parameters => parameters.Add(setup => setup.Servers, Servers));
    }

    private void UsePublicUrl() => Services.AddSingleton(new PublicUrl(new ConfigurationBuilder().AddInMemoryCollection([new("Portal:PublicUrl", "https://portal.example.org")]).Build()));
}
