using Bunit;
using McpPortal.Ui.Controls;

namespace McpPortal.Tests.Ui;

public sealed class SearchableListTests : ControlTest
{
    private static readonly string[] Names = ["Gmail work", "github", "Gmail club", "Notion"];

    [Fact]
    public void Every_word_of_a_search_must_fit_whatever_its_case()
    {
        var list = Show(Names);

        list.Find("input[type=search]").Input("WORK gm");

        Assert.Equal(["Gmail work"], Texts(list));
        Assert.Equal("1 of 4 connections", list.Find("[role=status]").TextContent);
    }

    [Fact]
    public void A_search_that_nothing_fits_says_so()
    {
        var list = Show(Names);

        list.Find("input[type=search]").Input("outlook");

        Assert.Empty(Texts(list));
        Assert.Contains("Nothing here fits", list.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void It_sorts_without_case_and_by_choice()
    {
        var list = Show(Names);
        Assert.Equal(["github", "Gmail club", "Gmail work", "Notion"], Texts(list));

        list.Find("select").Change("1");
        Assert.Equal(["Gmail work", "Gmail club", "github", "Notion"], Texts(list));

        list.Find("select").Change("99");
        Assert.Equal(["Gmail work", "Gmail club", "github", "Notion"], Texts(list));
    }

    [Fact]
    public void Five_hundred_items_come_in_portions()
    {
        var list = Show([.. Enumerable.Range(0, 500).Select(i => $"item {i:000}")]);
        Assert.Equal(60, Texts(list).Length);

        list.Find(".more button").Click();

        Assert.Equal(120, Texts(list).Length);
    }

    [Fact]
    public void No_item_at_all_shows_what_the_list_is_for()
    {
        var list = Show([]);

        Assert.Equal("Connect an account", list.Find("p.none").TextContent);
        Assert.Empty(list.FindAll("input"));
    }

    private IRenderedComponent<SearchableList<string>> Show(string[] items) => Render<SearchableList<string>>(p => p
        .Add(l => l.Items, items).Add(l => l.Text, text => text).Add(l => l.Noun, "connections")
        .Add(l => l.Sorts, [new SortBy<string>("Name", text => text), new SortBy<string>("Length", text => text.Length, Descending: true)])
        .Add(l => l.Empty, "<p class=\"none\">Connect an account</p>")
        .Add(l => l.ChildContent, text => $"<b>{text}</b>"));

    private static string[] Texts(IRenderedComponent<SearchableList<string>> list) => [.. list.FindAll("li b").Select(item => item.TextContent)];
}
