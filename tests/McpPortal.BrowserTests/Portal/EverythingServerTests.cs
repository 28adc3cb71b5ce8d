using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>Every kind of argument, answer and ending that the protocol's own sample server has, in the console.</summary>
[Collection(PortalTests.Name)]
public sealed partial class EverythingServerTests(PortalInUse inUse)
{
    private const string Server = "everything-stdio";

    [Fact]
    public async Task The_form_has_a_field_for_every_kind_of_value()
    {
        await using var ana = await inUse.EnterAsync("ana");
        var console = await ConsoleInUse.OpenAsync(ana, Server);
        var tools = await console.ToolsAsync();
        Assert.Superset(new HashSet<string>(["echo", "get-sum", "get-tiny-image", "trigger-long-running-operation"]), tools);

        foreach (var tool in tools)
        {
            await console.PickAsync(tool);
            await Assertions.Expect(console.Page.GetByTestId("as-form")).ToHaveAttributeAsync("aria-pressed", "true");
            await Assertions.Expect(console.Page.Locator(".field-json")).ToHaveCountAsync(0); // nothing is left to be typed as JSON
        }

        await console.PickAsync("get-tiny-image");
        await Assertions.Expect(console.Page.GetByText("This tool needs nothing from you.")).ToBeVisibleAsync();

        await console.PickAsync("echo");
        await Assertions.Expect(console.Field("message")).ToHaveAttributeAsync("aria-required", "true");
        await RefusedAsync("message", "Fill this in; the tool needs it.");

        await console.PickAsync("get-annotated-message");
        Assert.Equal(["Choose…", "error", "success", "debug"], await console.Field("messageType").Locator("option").AllInnerTextsAsync());
        Assert.Equal(["Leave out", "Yes", "No"], await console.Field("includeImage").Locator("option").AllInnerTextsAsync());
        await Assertions.Expect(console.Field("includeImage")).ToHaveValueAsync("false");

        await console.PickAsync("get-resource-links");
        await Assertions.Expect(console.Field("count")).ToHaveValueAsync("3");
        await console.Field("count").FillAsync("11");
        await RefusedAsync("count", "Write 10 or less.");

        await console.PickAsync("gzip-file-as-resource");
        await Assertions.Expect(console.Field("data")).ToHaveAttributeAsync("inputmode", "url");
        await Assertions.Expect(console.Field("outputType").Locator("option:checked")).ToHaveTextAsync("resourceLink");

        await console.PickAsync("get-sum");
        await console.Field("a").FillAsync("two");
        await console.Field("b").FillAsync("40");
        await RefusedAsync("a", "Write a number, such as 12 or 0.5.");
        await console.Field("a").FillAsync("2.5");
        await console.Page.GetByTestId("as-json").ClickAsync();
        await Assertions.Expect(console.Page.GetByTestId("json")).ToHaveValueAsync(Arguments());
        Assert.Empty(await Accessibility.FindingsAsync(console.Page));
        Assert.Empty(console.Complaints);

        async Task RefusedAsync(string field, string sentence)
        {
            await console.Page.GetByTestId("run").ClickAsync();
            await Assertions.Expect(console.Problem(field)).ToContainTextAsync(sentence);
            await Assertions.Expect(console.Field(field)).ToBeFocusedAsync();
            await Assertions.Expect(console.Page.GetByText("Run a tool; its answer appears here.")).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task Every_kind_of_answer_is_shown()
    {
        await using var ana = await inUse.EnterAsync("ana");
        var console = await ConsoleInUse.OpenAsync(ana, Server);

        Assert.Equal("succeeded", await console.RunAsync("echo", ("message", "Grüße <b>aus</b> der Konsole")));
        Assert.Contains("Echo: Grüße <b>aus</b> der Konsole", await console.ShownAsync("text"), StringComparison.Ordinal);

        Assert.Equal("succeeded", await console.RunAsync("get-sum", ("a", "2.5"), ("b", "40")));
        Assert.Contains("42.5", await console.ShownAsync("text"), StringComparison.Ordinal);

        Assert.Equal("succeeded", await console.RunAsync("get-tiny-image"));
        var picture = console.Page.GetByTestId("result-picture");
        await Assertions.Expect(picture).ToBeVisibleAsync();
        Assert.True(await picture.EvaluateAsync<int>("picture => picture.decode().then(() => picture.naturalWidth)") > 1);

        await console.PickAsync("get-structured-content");
        await console.Field("location").SelectOptionAsync("Chicago");
        Assert.Equal("succeeded", await console.RunAsync());
        Assert.Contains("\"temperature\": 36", await console.ShownAsync("json"), StringComparison.Ordinal);
        Assert.Empty(await Accessibility.FindingsAsync(console.Page));

        Assert.Equal("succeeded", await console.RunAsync("get-resource-links", ("count", "2")));
        Assert.Contains("demo://resource/", await console.ShownAsync("text"), StringComparison.Ordinal);
        await Assertions.Expect(console.Page.Locator(".part-link")).ToHaveCountAsync(2);
        await Assertions.Expect(console.Page.Locator(".part-link a")).ToHaveCountAsync(0); // no browser can follow demo:

        Assert.Equal("tool-failed", await console.RunAsync("get-resource-reference", ("resourceId", "-1")));
        Assert.Contains("Must be a finite positive integer", await console.ShownAsync("text"), StringComparison.Ordinal);
        Assert.Empty(await Accessibility.FindingsAsync(console.Page));
        Assert.Empty(console.Complaints);
    }

    [Fact]
    public async Task A_long_call_shows_how_far_it_is_and_can_be_cancelled()
    {
        await using var ana = await inUse.EnterAsync("ana");
        var console = await ConsoleInUse.OpenAsync(ana, Server);
        Assert.Equal("succeeded", await console.RunAsync("trigger-long-running-operation", ("duration", "2"), ("steps", "4")));
        Assert.Contains("3 of 4", await console.ShownAsync("log"), StringComparison.Ordinal);

        // Far longer than the test: it ends because it is cancelled.
        var other = await ConsoleInUse.OpenAsync(ana, Server);
        await other.PickAsync("trigger-long-running-operation");
        await other.Field("duration").FillAsync("55");
        await other.Field("steps").FillAsync("110");
        await other.Page.GetByTestId("run").ClickAsync();
        await Assertions.Expect(other.Page.GetByTestId("progress")).ToHaveTextAsync(Step());
        await Assertions.Expect(other.Page.Locator("progress")).ToHaveAttributeAsync("value", Share());
        await Assertions.Expect(other.Page.GetByTestId("run")).ToBeDisabledAsync();
        Assert.Empty(await Accessibility.FindingsAsync(other.Page));
        await other.Page.GetByTestId("cancel").ClickAsync();
        await Assertions.Expect(other.Outcome).ToHaveAttributeAsync("data-outcome", "cancelled");

        Assert.Equal("succeeded", await other.RunAsync("echo", ("message", "still there")));
        Assert.Empty(console.Complaints);
        Assert.Empty(other.Complaints);
    }

    [Fact]
    public async Task A_narrow_screen_shows_one_step_after_the_other()
    {
        await using var ana = await inUse.EnterAsync("ana", 390, 844);
        var console = await ConsoleInUse.OpenAsync(ana, Server);
        await Assertions.Expect(console.Page.GetByTestId("run")).ToBeHiddenAsync();

        Assert.Equal("succeeded", await console.RunAsync("echo", ("message", "from a telephone")));

        await Assertions.Expect(console.Page.GetByTestId("tool-echo")).ToBeHiddenAsync();
        await Assertions.Expect(console.Page.GetByTestId("run")).ToBeHiddenAsync();
        await console.Page.GetByTestId("back-to-form").ClickAsync();
        await Assertions.Expect(console.Field("message")).ToHaveValueAsync("from a telephone");
        await console.Page.GetByTestId("back-to-tools").ClickAsync();
        await Assertions.Expect(console.Page.GetByTestId("tool-echo")).ToBeVisibleAsync();
        Assert.False(await console.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"));
    }

    [GeneratedRegex("\"a\": 2[.]5,\\s+\"b\": 40", RegexOptions.None, 1000)]
    private static partial Regex Arguments();

    [GeneratedRegex("^[0-9]+ of 110$", RegexOptions.None, 1000)]
    private static partial Regex Step();

    [GeneratedRegex("^0[.][0-9]+$", RegexOptions.None, 1000)]
    private static partial Regex Share();
}
