using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>The console as somebody works with it; keeps what the browser complained about meanwhile.</summary>
internal sealed class ConsoleInUse
{
    private readonly List<string> _complaints = [];
    private string _tool = "";

    private ConsoleInUse(IPage page)
    {
        Page = page;
        page.PageError += (_, error) => _complaints.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Add(message.Text);
            }
        };
    }

    public IPage Page { get; }

    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>The outcome of the tool that is open, not of one that ran before.</summary>
    public ILocator Outcome => Result.GetByTestId("outcome");

    private ILocator Result => Page.Locator(".console-result").Filter(new() { Has = Page.Locator("h2", new() { HasText = $"{_tool} at " }) });

    public static async Task<ConsoleInUse> OpenAsync(IBrowserContext context, string server)
    {
        var console = new ConsoleInUse(await context.NewPageAsync());
        await console.Page.GotoAsync($"/console?server={server}");
        await console.Page.WaitForCircuitAsync();
        await console.Page.GetByTestId("tool-filter").WaitForAsync();
        return console;
    }

    public async Task<HashSet<string>> ToolsAsync() => [.. await Page.Locator(".tool-name").AllInnerTextsAsync()];

    public async Task PickAsync(string tool)
    {
        _tool = tool;
        await Page.GetByTestId($"tool-{tool}").ClickAsync();
        await Page.Locator(".tool-head h2").GetByText(tool, new() { Exact = true }).WaitForAsync();
    }

    public ILocator Field(string path) => Page.GetByTestId($"field-{path}");

    public ILocator Problem(string path) => Page.GetByTestId($"problem-{path}");

    /// <summary>Runs the tool that is open, a dangerous one after the question, and returns how it ended.</summary>
    public async Task<string> RunAsync()
    {
        await Page.GetByTestId("run").ClickAsync();
        var confirm = Page.GetByTestId("confirm-run");
        await Outcome.Or(confirm).First.WaitForAsync();
        if (await confirm.IsVisibleAsync())
        {
            await confirm.ClickAsync();
        }

        await Outcome.WaitForAsync();
        return await Outcome.GetAttributeAsync("data-outcome") ?? "";
    }

    public async Task<string> RunAsync(string tool, params (string Field, string Value)[] fields)
    {
        await PickAsync(tool);
        foreach (var (field, value) in fields)
        {
            await Field(field).FillAsync(value);
        }

        return await RunAsync();
    }

    /// <summary>What the named tab of the result shows.</summary>
    public async Task<string> ShownAsync(string tab)
    {
        await Result.GetByTestId($"tab-{tab}").ClickAsync();
        await Result.Locator($"[data-testid=tab-{tab}][aria-selected=true]").WaitForAsync();
        return await Result.GetByRole(AriaRole.Tabpanel).InnerTextAsync();
    }
}
