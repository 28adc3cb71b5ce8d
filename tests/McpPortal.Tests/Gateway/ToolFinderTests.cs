using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using McpPortal.Gateway;

namespace McpPortal.Tests.Gateway;

/// <summary>What a search among tools promises, whatever the tools and the words.</summary>
public sealed class ToolFinderTests
{
    private static readonly string[] Vocabulary = ["mail", "list", "send", "issue", "folder", "search", "the", "repository", "x1", "日本"];
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(300);

    private static Gen<string> Words => Gen.Elements(Vocabulary).ListOf().Select(words => string.Join(' ', words.Take(4)));

    private static Gen<JsonObject> Tools =>
        from name in Gen.Elements(Vocabulary).NonEmptyListOf()
        from title in Words
        from description in Words
        select Tool(string.Join('_', name.Take(3)), title, description);

    private static Arbitrary<(List<JsonObject> Tools, string Query)> Cases =>
        (from tools in Tools.ListOf() from query in Words select (tools.DistinctBy(Name).ToList(), query)).ToArbitrary();

    [Fact]
    public void The_order_of_the_tools_does_not_matter() => Prop.ForAll(Cases, one =>
    {
        var turned = one.Tools.AsEnumerable().Reverse();
        return Names(new ToolFinder(one.Tools).Find(one.Query, 50)).SequenceEqual(Names(new ToolFinder(turned).Find(one.Query, 50)));
    }).Check(Runs);

    [Fact]
    public void Whoever_asks_for_fewer_gets_the_beginning_of_the_same() => Prop.ForAll(Cases, one =>
    {
        var finder = new ToolFinder(one.Tools);
        var all = Names(finder.Find(one.Query, 50)).ToList();
        return Enumerable.Range(1, 5).All(limit => Names(finder.Find(one.Query, limit)).SequenceEqual(all.Take(limit)));
    }).Check(Runs);

    [Fact]
    public void Exactly_the_tools_that_have_one_of_the_words_are_found() => Prop.ForAll(Cases, one =>
    {
        var words = one.Query.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var fits = one.Tools.Where(tool => words.Length == 0 || words.Any(word => $"{tool["name"]} {tool["title"]} {tool["description"]}".Split(' ', '_').Contains(word)));
        return Names(new ToolFinder(one.Tools).Find(one.Query, 1000)).ToHashSet(StringComparer.Ordinal).SetEquals(Names(fits));
    }).Check(Runs);

    [Fact]
    public void A_tool_whose_name_is_what_is_asked_comes_before_one_that_only_tells_of_it() => Prop.ForAll(Cases, one =>
    {
        List<JsonObject> tools = [.. one.Tools.Where(tool => !Name(tool).Contains("calendar", StringComparison.Ordinal)), Tool("calendar_create", "", ""), Tool("other", "", "calendar create")];
        return Names(new ToolFinder(tools).Find("create calendar", 1)).Single() == "calendar_create";
    }).Check(Runs);

    [Theory]
    [InlineData("emails", "email__list_email")]
    [InlineData("LIST-EMAIL", "email__list_email")]
    [InlineData("create a pull request", "github__createPullRequest")]
    [InlineData("pull", "github__createPullRequest")]
    [InlineData("github__createPullRequest", "github__createPullRequest")]
    [InlineData("what is the weather in Vienna", "weather__forecast")]
    public void Words_are_found_in_whatever_form_they_are_written(string query, string expected) => Assert.Equal(expected, Names(Sample.Find(query, 3)).First());

    [Theory]
    [InlineData("zebra")]
    [InlineData("ab cd")]
    [InlineData("…—")]
    public void What_fits_nothing_finds_nothing(string query) => Assert.Equal(query == "…—" ? 3 : 0, Sample.Find(query, 8).Count);

    [Fact]
    public void Definitions_that_are_odd_do_no_harm()
    {
        var finder = new ToolFinder([new JsonObject { ["name"] = "a__b", ["title"] = 7, ["description"] = new JsonArray(1) }, new JsonObject { ["name"] = "a__c", ["description"] = null }]);

        Assert.Equal(["a__b", "a__c"], Names(finder.Find("a", 8)));
        Assert.Empty(finder.Find(string.Join(' ', Enumerable.Range(0, 5000).Select(i => $"w{i}")), 8));
    }

    private static ToolFinder Sample { get; } = new(
    [
        Tool("email__list_email", "List mail", "Lists messages of a folder."),
        Tool("github__createPullRequest", "New pull request", "Asks others to take changes."),
        Tool("weather__forecast", "Forecast", "Tells the weather of the next days for a place."),
    ]);

    private static JsonObject Tool(string name, string title, string description) => new() { ["name"] = name, ["title"] = title, ["description"] = description };

    private static string Name(JsonObject tool) => (string)tool["name"]!;

    private static IEnumerable<string> Names(IEnumerable<JsonObject> tools) => tools.Select(Name);
}
