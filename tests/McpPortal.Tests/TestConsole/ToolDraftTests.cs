using System.Text.Json;
using McpPortal.TestConsole;

namespace McpPortal.Tests.TestConsole;

public sealed class ToolDraftTests
{
    [Fact]
    public void Defaults_are_filled_in_and_sent_and_empty_fields_are_left_out()
    {
        var draft = Draft("""{"properties":{"folder":{"type":"string","default":"INBOX"},"limit":{"type":"integer","default":10},"query":{"type":"string"},"flag":{"type":"boolean"}}}""");

        Assert.Equal("""{"folder":"INBOX","limit":10}""", Sent(draft));
    }

    [Fact]
    public void A_required_field_that_is_empty_is_named_and_nothing_is_sent()
    {
        var draft = Draft("""{"required":["q","where"],"properties":{"q":{"type":"string"},"where":{"type":"object","required":["city"],"properties":{"city":{"type":"string"}}},"opt":{"type":"object","required":["x"],"properties":{"x":{"type":"string"}}}}}""");

        Assert.Null(draft.Build());
        Assert.Equal(["q", "where.city"], draft.Root.All().Where(n => n.Problem is not null).Select(n => n.Path));
        Node(draft, "q").Type("x");
        Node(draft, "where.city").Type("Bonn");
        Assert.Equal("""{"q":"x","where":{"city":"Bonn"}}""", Sent(draft));
    }

    [Theory]
    [InlineData("""{"type":"integer"}""", "1.5", "Write a whole number.")]
    [InlineData("""{"type":"integer"}""", "abc", "Write a whole number.")]
    [InlineData("""{"type":"number"}""", "1e999", "Write a number, such as 12 or 0.5.")]
    [InlineData("""{"type":"number"}""", "NaN", "Write a number, such as 12 or 0.5.")]
    [InlineData("""{"type":"number","minimum":3}""", "2", "Write 3 or more.")]
    [InlineData("""{"type":"number","exclusiveMinimum":3}""", "3", "Write more than 3.")]
    [InlineData("""{"type":"number","maximum":3}""", "3.1", "Write 3 or less.")]
    [InlineData("""{"type":"number","maximum":3}""", "3", null)]
    [InlineData("""{"type":"string","minLength":2}""", "🎉", "Write at least 2 characters.")]
    [InlineData("""{"type":"string","maxLength":1}""", "🎉", null)]
    [InlineData("""{"type":"string","maxLength":2}""", "abc", "Write at most 2 characters.")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$"}""", "A1", "This does not have the form that the tool asks for: ^[a-z]+$")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$"}""", "abc", null)]
    [InlineData("""{"type":"string","pattern":"["}""", "abc", null)]
    [InlineData("""{"type":"string","pattern":"^(a+)+$"}""", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", null)]
    [InlineData("{}", "{", "This is not valid JSON.")]
    [InlineData("{}", "[1]", null)]
    [InlineData("""{"enum":["a"]}""", "7", "Choose one of the values.")]
    public void Each_kind_of_field_says_what_it_will_not_accept(string schema, string typed, string? problem)
    {
        var draft = Draft($$$"""{"properties":{"x":{{{schema}}}}}""");
        Node(draft, "x").Type(typed);

        Assert.Equal(problem is null, draft.Build() is not null);
        Assert.Equal(problem, Node(draft, "x").Problem);
    }

    [Fact]
    public void Large_whole_numbers_are_sent_digit_for_digit()
    {
        var draft = Draft("""{"properties":{"id":{"type":"integer"}}}""");
        Node(draft, "id").Type("12345678901234567890123");

        Assert.Equal("""{"id":12345678901234567890123}""", Sent(draft));
    }

    [Fact]
    public void What_was_typed_survives_the_switch_even_where_it_is_wrong()
    {
        var draft = Draft("""{"properties":{"n":{"type":"integer"},"s":{"type":"string"}}}""");
        Node(draft, "n").Type("abc");

        draft.ShowJson();
        Assert.Equal("abc", Element(draft.Json).GetProperty("n").GetString());
        draft.TypeJson("""{"n":"abc","s":{"not":"text"},"more":[1]}""");
        draft.ShowForm();

        Assert.True(Node(draft, "n").AsJson);
        Assert.Null(draft.Build());
        Assert.Equal("This should be a whole number.", Node(draft, "n").Problem);
        Node(draft, "n").Type("4");
        Node(draft, "s").Type("\"text\"");
        Assert.False(Node(draft, "n").AsJson);
        Assert.Equal("""{"n":4,"s":"text","more":[1]}""", Sent(draft));
    }

    [Fact]
    public void Broken_json_stays_where_it_is_with_a_sentence()
    {
        var draft = Draft("""{"properties":{"s":{"type":"string"}}}""");
        draft.ShowJson();
        foreach (var broken in new[] { "{", "[]", "7", """{"a":"\ud800"}""" })
        {
            draft.TypeJson(broken);
            draft.ShowForm();

            Assert.True(draft.InJson);
            Assert.NotNull(draft.Problem);
            Assert.Equal(broken, draft.Json);
            Assert.Null(draft.Build());
        }
    }

    [Fact]
    public void Json_that_the_schema_refuses_is_sent_when_asked_twice()
    {
        var draft = Draft("""{"required":["s"],"properties":{"s":{"type":"string"}}}""");
        draft.ShowJson();
        draft.TypeJson("""{"other":1}""");

        Assert.Null(draft.Build());
        Assert.Equal(["s: Fill this in; the tool needs it."], draft.Warnings);
        Assert.Equal("""{"other":1}""", Sent(draft));
        draft.TypeJson("""{"other":2}""");
        Assert.Null(draft.Build());
    }

    [Fact]
    public void Lists_grow_shrink_and_keep_their_places()
    {
        var draft = Draft("""{"properties":{"to":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"string"}}},"required":["to"]}""");
        var list = Node(draft, "to");

        Assert.Null(draft.Build());
        Assert.Equal("Add at least 1 item.", list.Problem);
        foreach (var text in new[] { "a", "b", "c" })
        {
            list.AddItem();
            list.Children[^1].Type(text);
        }

        Assert.Null(draft.Build());
        Assert.Equal("Keep at most 2 items.", list.Problem);
        list.RemoveItem(list.Children[1]);
        Assert.Equal(["to[0]", "to[1]"], list.Children.Select(c => c.Path));
        Assert.Equal("""{"to":["a","c"]}""", Sent(draft));
    }

    [Fact]
    public void Nothing_is_null_where_null_is_allowed_and_required()
    {
        var draft = Draft("""{"required":["a","b"],"properties":{"a":{"type":["string","null"]},"b":{"type":["boolean","null"]},"c":{"type":["string","null"]}}}""");

        Assert.Equal("""{"a":null,"b":null}""", Sent(draft));
    }

    private static ToolDraft Draft(string schema) => new(new ToolInfo("tool", null, "", ToolEffect.Reads, Element(schema)));

    private static FormNode Node(ToolDraft draft, string path) => draft.Root.All().Single(n => n.Path == path);

    private static string? Sent(ToolDraft draft) => draft.Build() is { } arguments ? JsonSerializer.Serialize(arguments) : null;

    private static JsonElement Element(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
