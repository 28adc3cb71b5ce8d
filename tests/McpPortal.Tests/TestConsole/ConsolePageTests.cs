using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bunit;
using Bunit.TestDoubles;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.TestConsole;
using McpPortal.Tests.Rig;
using McpPortal.Tests.StreamableHttp;
using McpPortal.Tests.Ui;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.TestConsole;

public sealed class ConsolePageTests : ComponentTest
{
    private const string Evil = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    private readonly ManualTime _clock = new();
    private readonly UserId _ana = UserId.New();
    private readonly List<(UserId User, string Server, string Tool, string Arguments)> _calls = [];
    private readonly TaskCompletionSource<CallOutcome> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<ServerSnapshot> _servers = [Snapshot("github", "GitHub"), Snapshot("email", "E-mail")];
    private Func<string, ToolListOutcome> _tools;
    private Action<CallProgress>? _progress;
    private CancellationToken _cancelled;

    public ConsolePageTests()
    {
        _tools = _ => new ToolListOutcome.Listed(
            [
                Tool("list_issues", """{"type":"object","required":["repo"],"properties":{"repo":{"type":"string","description":"Which repository"},"limit":{"type":"integer","default":10}}}""", """{"readOnlyHint":true}"""),
                Tool("create_issue", """{"type":"object"}""", """{"readOnlyHint":false,"destructiveHint":false}"""),
                Tool("delete_repo", """{"type":"object"}""", """{"destructiveHint":true}"""),
                Tool("post", """{"type":"object"}""", """{"openWorldHint":true}"""),
                Tool("browse", """{"type":"object"}""", """{"openWorldHint":true,"readOnlyHint":true}"""),
            ],
            "ana-dev");
        Services.AddSingleton(new ConsoleCalls(
            (_, _) => ValueTask.FromResult<IReadOnlyList<ServerSnapshot>>(_servers),
            (_, server, _) => Task.FromResult(_tools(server)),
            CallAsync));
        Services.AddSingleton<TimeProvider>(_clock);
        AddAuthorization().SetAuthorized("ana").SetClaims(new Claim(ClaimTypes.NameIdentifier, _ana.ToString()));
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));
    }

    [Fact]
    public void Tools_carry_marks_with_words_for_what_they_do()
    {
        var page = Open("?server=github");

        Assert.Equal(
            [("list_issues", "tool-reads", "RO"), ("create_issue", "tool-changes", "edit"), ("delete_repo", "tool-dangerous", "warning"), ("post", "tool-dangerous", "warning"), ("browse", "tool-reads", "RO")],
            page.FindAll(".tool-pick").Select(t => (t.QuerySelector(".tool-name")!.TextContent, t.QuerySelector(".tool-mark")!.ClassList[1], t.QuerySelector("[aria-hidden]")!.TextContent)));
        Assert.Contains("only reads", page.Find("[data-testid=tool-list_issues]").TextContent, StringComparison.Ordinal);
        Assert.All(page.FindAll(".tool-mark"), mark => Assert.NotEmpty(mark.GetAttribute("title")!));
        Assert.Contains("ana-dev", page.Find("[data-testid=listed-as]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_narrow_the_list()
    {
        var page = Open("?server=github");

        await page.TypeAsync("[data-testid=tool-filter]", "ISSUE");

        Assert.Equal(["list_issues", "create_issue"], page.FindAll(".tool-name").Select(t => t.TextContent));
        Assert.Equal("2 of 5 tools", page.Find(".tool-count").TextContent);
    }

    [Fact]
    public async Task Choosing_server_and_tool_is_in_the_address()
    {
        var page = Open("");
        await page.ChooseAsync("[data-testid=server]", "github");
        await page.WaitForElementAsync("[data-testid=tool-list_issues]");
        await page.PressAsync("[data-testid=tool-list_issues]");

        Assert.EndsWith("/console?server=github&tool=list_issues", Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
        Assert.Equal("list_issues", (await page.WaitForElementAsync(".tool-head h2")).TextContent);
        Assert.Equal("fill", page.Find(".console").GetAttribute("data-step"));
        await page.PressAsync("[data-testid=back-to-tools]");
        await page.WaitForAssertionAsync(() => Assert.Equal("pick", page.Find(".console").GetAttribute("data-step")));
    }

    [Fact]
    public async Task The_form_is_made_from_the_schema_and_sends_what_was_typed()
    {
        var page = Open("?server=github&tool=list_issues");

        Assert.Equal("10", page.Find("[data-testid=field-limit]").GetAttribute("value"));
        Assert.Equal("true", page.Find("[data-testid=field-repo]").GetAttribute("aria-required"));
        Assert.Contains("Which repository", page.Find("#" + page.Find("[data-testid=field-repo]").GetAttribute("aria-describedby")).TextContent, StringComparison.Ordinal);
        await page.PressAsync("[data-testid=run]");
        Assert.Equal("Fill this in; the tool needs it.", page.Find("[data-testid=problem-repo]").LastChild!.TextContent);
        Assert.Equal("true", page.Find("[data-testid=field-repo]").GetAttribute("aria-invalid"));
        Assert.Empty(_calls);

        await page.ChooseAsync("[data-testid=field-repo]", "ana/notes");
        await page.PressAsync("[data-testid=run]");

        Assert.Equal([(_ana, "github", "list_issues", """{"repo":"ana/notes","limit":10}""")], _calls);
    }

    [Fact]
    public async Task Every_kind_of_field_has_its_input()
    {
        _tools = _ => new ToolListOutcome.Listed([Tool("t", """
            {"type":"object","properties":{"s":{"type":"string"},"body":{"type":"string"},"n":{"type":"number"},"b":{"type":"boolean"},"e":{"enum":["x","y"],"default":"y"},
            "l":{"type":"array","items":{"type":"string"}},"g":{"type":"object","properties":{"in":{"type":"string"}}},"j":{}}}
            """)], null);
        var page = Open("?server=github&tool=t");

        Assert.Equal(
            ["s INPUT", "body TEXTAREA", "n INPUT", "b SELECT", "e SELECT", "l FIELDSET", "g FIELDSET", "g.in INPUT", "j TEXTAREA"],
            page.FindAll("[data-testid^=field-]").Select(f => $"{f.GetAttribute("data-testid")!["field-".Length..]} {f.TagName}"));
        Assert.All(page.FindAll("input[id^=field-], select[id^=field-], textarea[id^=field-]"), f => Assert.NotNull(page.Find($"label[for={f.Id}]")));
        await page.PressAsync("[data-testid=add-l]");
        await page.ChooseAsync("[data-testid='field-l[0]']", "first");
        await page.ChooseAsync("[data-testid='field-g.in']", "inner");
        await page.ChooseAsync("[data-testid=field-b]", "false");
        await page.PressAsync("[data-testid=as-json]");
        Assert.Equal("""{"b":false,"e":"y","l":["first"],"g":{"in":"inner"}}""", JsonNode.Parse(page.Find("[data-testid=json]").GetAttribute("value")!)!.ToJsonString());
        await page.PressAsync("[data-testid=as-form]");
        Assert.Equal("inner", page.Find("[data-testid='field-g.in']").GetAttribute("value"));
    }

    [Fact]
    public async Task A_running_call_shows_the_servers_words_the_time_and_then_the_answer()
    {
        var page = await RunAsync("create_issue");
        await page.WaitForStateAsync(() => _called.Task.IsCompleted);
        Assert.True(page.Find("[data-testid=run]").HasAttribute("disabled"));
        Assert.Equal("result", page.Find(".console").GetAttribute("data-step"));
        Assert.False(page.Find("progress").HasAttribute("value"));

        _progress!(new CallProgress(1, 4, "Reading " + Evil));
        _clock.Advance(TimeSpan.FromSeconds(3));

        await page.WaitForAssertionAsync(() => Assert.Equal("Reading " + Evil, page.Find("[data-testid=progress]").TextContent));
        Assert.Equal("0.25", page.Find("progress").GetAttribute("value"));
        Assert.Equal("3 s", page.Find("[data-testid=elapsed]").TextContent);
        _answer.SetResult(Succeeded("""{"content":[{"type":"text","text":"Issue 7"}]}""") with { Account = "ana-dev", Duration = TimeSpan.FromMilliseconds(214), Upstream = TimeSpan.FromMilliseconds(213) });
        await page.WaitForAssertionAsync(() => Assert.Equal("succeeded", page.Find("[data-testid=outcome]").GetAttribute("data-outcome")));
        Assert.Equal("Issue 7", page.Find("[data-testid=result-text]").TextContent);
        Assert.Equal("as ana-dev", page.Find("[data-testid=account]").TextContent);
        Assert.Equal("portal 1 ms · server 213 ms", page.Find("[data-testid=times]").GetAttribute("title"));
        await page.PressAsync("[data-testid=tab-raw]");
        Assert.Equal("""{"method":"tools/call","params":{"name":"create_issue","arguments":{}}}""", JsonNode.Parse(page.Find("[data-testid=raw-request]").TextContent)!.ToJsonString());
        Assert.Equal("""{"content":[{"type":"text","text":"Issue 7"}]}""", page.Find("[data-testid=raw-response]").TextContent);
        await page.PressAsync("[data-testid=tab-log]");
        Assert.Equal(["Sent", "Progress", "Ended"], page.FindAll("[data-testid=protocol] b").Select(b => b.TextContent));
        Assert.Empty(page.FindAll("script, img"));
        AssertInert(page);
    }

    [Fact]
    public async Task Cancel_cancels_the_call_once_and_says_so()
    {
        var page = await RunAsync("create_issue");
        await page.WaitForStateAsync(() => _called.Task.IsCompleted);

        await page.PressAsync("[data-testid=cancel]");

        Assert.True(_cancelled.IsCancellationRequested);
        Assert.True(page.Find("[data-testid=cancel]").HasAttribute("disabled"));
        _answer.SetResult(new CallOutcome.Cancelled());
        await page.WaitForAssertionAsync(() => Assert.Equal("cancelled", page.Find("[data-testid=outcome]").GetAttribute("data-outcome")));
        Assert.False(page.Find("[data-testid=run]").HasAttribute("disabled"));
    }

    [Fact]
    public async Task Leaving_the_page_cancels_the_call()
    {
        await RunAsync("create_issue");
        await _called.Task;

        await DisposeComponentsAsync();

        Assert.True(_cancelled.IsCancellationRequested);
    }

    [Fact]
    public async Task Another_tool_can_be_opened_while_one_runs_without_stopping_it()
    {
        var page = await RunAsync("create_issue");
        await page.WaitForStateAsync(() => _called.Task.IsCompleted);

        await page.PressAsync("[data-testid=tool-browse]");

        await page.WaitForAssertionAsync(() => Assert.Equal("browse", page.Find(".tool-head h2").TextContent));
        Assert.False(_cancelled.IsCancellationRequested);
        Assert.True(page.Find("[data-testid=run]").HasAttribute("disabled"));
        Assert.StartsWith("create_issue", page.Find(".result-head h2").TextContent, StringComparison.Ordinal);
    }

    public static TheoryData<string> Ends => [.. Outcomes.Keys];

    private static readonly Dictionary<string, CallOutcome> Outcomes = new(StringComparer.Ordinal)
    {
        ["tool-failed"] = new CallOutcome.ToolFailed("It failed. " + Evil, Encoding.UTF8.GetBytes("""{"isError":true,"content":[{"type":"text","text":"why"}]}"""), null),
        ["needs-connection"] = new CallOutcome.NeedsConnection("Connect GitHub first.", "/connect/github?server=github"),
        ["refused"] = new CallOutcome.Refused("Not allowed here."),
        ["busy"] = new CallOutcome.Refused("Try again in a moment.", Busy: true),
        ["timed-out"] = new CallOutcome.TimedOut("GitHub did not answer within 60 seconds."),
        ["unreachable"] = new CallOutcome.Unreachable("GitHub answered with 503 ServiceUnavailable."),
        ["not-found"] = new CallOutcome.NotFound("There is no server 'github' that you may use."),
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Each_outcome_is_one_calm_sentence(string kind)
    {
        var outcome = Outcomes[kind];
        _answer.SetResult(outcome);
        var page = await RunAsync("create_issue");

        await page.WaitForAssertionAsync(() => Assert.Equal(kind, page.Find("[data-testid=outcome]").GetAttribute("data-outcome")));
        Assert.Equal(outcome.Explanation, page.Find(".console-sentence").TextContent);
        Assert.Equal(kind == "needs-connection" ? ["/connect/github?server=github"] : [], page.FindAll("[data-testid=outcome] a").Select(a => a.GetAttribute("href")!));
        Assert.Equal(kind == "tool-failed" ? 1 : 0, page.FindAll("[data-testid=result-text]").Count);
        AssertInert(page);
    }

    [Fact]
    public async Task A_fault_of_the_portal_ends_the_call_and_not_the_page()
    {
        _answer.SetException(new InvalidOperationException("password=hunter2"));
        var page = await RunAsync("create_issue");

        await page.WaitForAssertionAsync(() => Assert.Equal("refused", page.Find("[data-testid=outcome]").GetAttribute("data-outcome")));
        Assert.DoesNotContain("hunter2", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dangerous_tool_runs_only_after_its_name_was_confirmed()
    {
        var page = Open("?server=github&tool=delete_repo");
        await page.PressAsync("[data-testid=run]");

        Assert.Empty(_calls);
        Assert.Equal("Run delete_repo at GitHub?", page.Find("dialog h2").TextContent);
        await page.PressAsync("[data-testid=confirm-leave]");
        Assert.Empty(page.FindAll("dialog"));
        await page.PressAsync("[data-testid=run]");
        await page.PressAsync("[data-testid=confirm-run]");

        Assert.Equal("delete_repo", Assert.Single(_calls).Tool);
    }

    [Fact]
    public void A_server_that_needs_an_account_leads_to_the_page_that_connects_it()
    {
        _tools = _ => new ToolListOutcome.Failed(new CallOutcome.NeedsConnection("Connect GitHub first.", "/connect/github?server=github"));
        var page = Open("?server=github");

        Assert.Equal("Connect GitHub first.", page.Find(".console-sentence").TextContent);
        Assert.Equal("/connect/github?server=github", page.Find("[data-testid=outcome] a").GetAttribute("href"));
    }

    [Fact]
    public async Task A_failed_list_can_be_asked_for_again()
    {
        var asked = 0;
        var good = _tools;
        _tools = server => asked++ == 0 ? new ToolListOutcome.Failed(new CallOutcome.Unreachable("GitHub cannot be reached.")) : good(server);
        var page = Open("?server=github");

        await page.PressAsync("[data-testid=outcome] button");

        await page.WaitForAssertionAsync(() => Assert.Equal(5, page.FindAll(".tool-pick").Count));
    }

    [Fact]
    public void Foreign_servers_missing_tools_and_empty_catalogues_say_so()
    {
        Assert.Contains("no server of this name", Open("?server=foreign").Find(".empty").TextContent, StringComparison.Ordinal);
        Assert.Contains("no tool of that name", Open("?server=github&tool=missing").Find(".console-form").TextContent, StringComparison.Ordinal);
        _servers = [];
        Assert.Equal("/servers", Open("").Find(".empty a").GetAttribute("href"));
    }

    [Fact]
    public async Task INJ_9_What_a_server_writes_is_shown_and_never_run()
    {
        _tools = _ => new ToolListOutcome.Listed(
            [
                new JsonObject
                {
                    ["name"] = Evil,
                    ["title"] = Evil,
                    ["description"] = Evil,
                    ["inputSchema"] = JsonNode.Parse($$$$"""{"type":"object","properties":{"{{{{Evil}}}}":{"type":"string","title":"{{{{Evil}}}}","description":"{{{{Evil}}}}","default":"{{{{Evil}}}}"},"e":{"enum":["{{{{Evil}}}}"]}}}"""),
                },
            ],
            Evil);
        _answer.SetResult(Succeeded(new JsonObject
        {
            ["content"] = new JsonArray(
                new JsonObject { ["type"] = "text", ["text"] = Evil },
                new JsonObject { ["type"] = "text", ["text"] = "# " + Evil },
                new JsonObject { ["type"] = "image", ["mimeType"] = "image/svg+xml", ["data"] = Convert.ToBase64String("<svg onload=alert(1)>"u8) },
                new JsonObject { ["type"] = "resource_link", ["name"] = Evil, ["uri"] = "javascript:alert(1)", ["description"] = Evil },
                new JsonObject { ["type"] = Evil }),
            ["structuredContent"] = new JsonArray(new JsonObject { [Evil] = Evil }),
        }.ToJsonString()) with { Account = Evil });
        var page = Open("?server=github&tool=" + Uri.EscapeDataString(Evil));
        Assert.Equal(Evil, page.Find(".tool-about").TextContent);
        AssertInert(page);

        await page.PressAsync("[data-testid=run]");

        await page.WaitForElementAsync("[data-testid=result-table]");
        foreach (var tab in new[] { "table", "text", "json", "raw", "log" })
        {
            await page.PressAsync($"[data-testid=tab-{tab}]");
            AssertInert(page);
        }
    }

    [Fact]
    public async Task Long_text_is_folded_until_asked_for()
    {
        _answer.SetResult(Succeeded(new JsonObject { ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = new string('x', 50_000) }) }.ToJsonString()));
        var page = await RunAsync("create_issue");

        await page.WaitForAssertionAsync(() => Assert.Equal(20_001, page.Find("[data-testid=result-text]").TextContent.Length));
        await page.PressAsync("[data-testid=show-all]");
        Assert.Equal(50_000, page.Find("[data-testid=result-text]").TextContent.Length);
    }

    [Fact]
    public async Task A_table_is_sorted_by_number_or_word_on_request()
    {
        _answer.SetResult(Succeeded("""{"structuredContent":[{"n":10,"w":"b"},{"n":9,"w":"a"}]}"""));
        var page = await RunAsync("create_issue");

        await page.WaitForElementAsync("[data-testid=result-table]");
        await page.PressAsync(() => page.FindAll("th button")[0]);
        Assert.Equal(["9", "10"], page.FindAll("tbody tr td:first-child").Select(td => td.TextContent));
        await page.PressAsync(() => page.FindAll("th button")[0]);
        Assert.Equal("descending", page.FindAll("th")[0].GetAttribute("aria-sort"));
        Assert.Equal(["10", "9"], page.FindAll("tbody tr td:first-child").Select(td => td.TextContent));
    }

    private static void AssertInert(IRenderedComponent<ConsolePage> page)
    {
        Assert.Empty(page.FindAll("script, iframe, object, svg, img:not([src^='data:image/'])"));
        Assert.DoesNotContain(page.FindAll("*").SelectMany(e => e.Attributes), a => a.Name.StartsWith("onerror", StringComparison.OrdinalIgnoreCase) || a.Name.StartsWith("onload", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(page.FindAll("a"), a => a.GetAttribute("href")!.StartsWith("javascript", StringComparison.OrdinalIgnoreCase));
    }

    private async Task<IRenderedComponent<ConsolePage>> RunAsync(string tool)
    {
        var page = Open("?server=github&tool=" + tool);
        await page.PressAsync("[data-testid=run]");
        return page;
    }

    private IRenderedComponent<ConsolePage> Open(string query)
    {
        Services.GetRequiredService<BunitNavigationManager>().NavigateTo("/console" + query);
        return Render<ConsolePage>();
    }

    private Task<CallOutcome> CallAsync(UserId user, string server, string tool, JsonElement arguments, Action<CallProgress> progress, CancellationToken cancellationToken)
    {
        _calls.Add((user, server, tool, JsonSerializer.Serialize(arguments)));
        (_progress, _cancelled) = (progress, cancellationToken);
        _called.TrySetResult();
        return _answer.Task;
    }

    private static CallOutcome.Succeeded Succeeded(string json) => new(Encoding.UTF8.GetBytes(json)) { Id = CallId.New() };

    private static JsonObject Tool(string name, string schema, string annotations = "{}") =>
        new() { ["name"] = name, ["description"] = $"About {name}.", ["inputSchema"] = JsonNode.Parse(schema), ["annotations"] = JsonNode.Parse(annotations) };

    private static ServerSnapshot Snapshot(string slug, string name) =>
        new() { Id = ServerId.New(), Slug = slug, Name = name, Owner = Owner.Organisation, Transport = ServerTransport.Http, Destination = "http://127.0.0.1:1" };
}
