using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>A program from npm that an administrator adds on the pages, and what it may touch in the hands of members.</summary>
[Collection(PortalTests.Name)]
public sealed class FilesServerTests(PortalInUse inUse)
{
    [Fact]
    public async Task Cara_adds_the_file_server_and_everybody_stays_in_their_own_folder()
    {
        await using var cara = await inUse.EnterAsync("cara");
        await AddAsync(cara, "papers");
        await using var ana = await inUse.EnterAsync("ana");
        var console = await ConsoleInUse.OpenAsync(ana, "papers");
        Assert.Superset(new HashSet<string>(["list_directory", "read_text_file", "write_file", "edit_file"]), await console.ToolsAsync());

        Assert.Equal("succeeded", await console.RunAsync("write_file", ("path", "/tmp/ana.txt"), ("content", "first line\nsecond line")));
        Assert.Equal("succeeded", await console.RunAsync("list_directory", ("path", "/tmp")));
        Assert.Contains("[FILE] ana.txt", await console.ShownAsync("text"), StringComparison.Ordinal);
        Assert.Equal("succeeded", await console.RunAsync("read_text_file", ("path", "/tmp/ana.txt"), ("head", "1")));
        Assert.Contains("first line", await console.ShownAsync("text"), StringComparison.Ordinal);
        Assert.Equal("tool-failed", await console.RunAsync("read_file", ("path", "/etc/passwd")));
        var refused = await console.ShownAsync("text");
        Assert.Contains("Access denied", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("root:", refused, StringComparison.Ordinal);

        await ListsAndGroupsAsync(console);
        Assert.Empty(await Accessibility.FindingsAsync(console.Page));
        Assert.Empty(console.Complaints);

        await using var ben = await inUse.EnterAsync("ben");
        var bens = await ConsoleInUse.OpenAsync(ben, "papers");
        Assert.Equal("succeeded", await bens.RunAsync("list_directory", ("path", "/tmp")));
        Assert.DoesNotContain("ana.txt", await bens.ShownAsync("text"), StringComparison.Ordinal);
        Assert.False(File.Exists("/tmp/ana.txt"));
    }

    /// <summary>A list of texts, and a list of objects with a question before it is run.</summary>
    private static async Task ListsAndGroupsAsync(ConsoleInUse console)
    {
        await console.PickAsync("edit_file");
        await console.Field("path").FillAsync("/tmp/ana.txt");
        await console.Page.GetByTestId("add-edits").ClickAsync();
        await console.Field("edits[0].oldText").FillAsync("second");
        await console.Field("edits[0].newText").FillAsync("last");
        Assert.Equal("succeeded", await console.RunAsync());

        await console.PickAsync("read_multiple_files");
        await console.Page.GetByTestId("add-paths").ClickAsync();
        await console.Field("paths[0]").FillAsync("/tmp/ana.txt");
        Assert.Equal("succeeded", await console.RunAsync());
        Assert.Contains("last line", await console.ShownAsync("text"), StringComparison.Ordinal);
    }

    private static async Task AddAsync(IBrowserContext admin, string slug)
    {
        var page = await admin.NewPageAsync();
        await page.GotoAsync("/admin/servers");
        await page.WaitForCircuitAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a server" }).First.ClickAsync();
        await page.GetByLabel("Template").SelectOptionAsync("filesystem");
        await Assertions.Expect(page.GetByText("As its template was approved; it cannot be edited.")).ToBeVisibleAsync();
        await page.GetByLabel("Name in addresses").FillAsync(slug);
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Papers");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add server" }).ClickAsync();
        await page.WaitForURLAsync($"**/servers/{slug}");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Papers" }).WaitForAsync();
        await page.CloseAsync();
    }
}
