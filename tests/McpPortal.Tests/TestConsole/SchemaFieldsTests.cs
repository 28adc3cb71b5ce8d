using System.Text.Json;
using McpPortal.TestConsole;

namespace McpPortal.Tests.TestConsole;

public sealed class SchemaFieldsTests
{
    [Theory]
    [InlineData("""{"type":"string"}""", FieldKind.Text, false)]
    [InlineData("""{"type":"number"}""", FieldKind.Number, false)]
    [InlineData("""{"type":"integer"}""", FieldKind.WholeNumber, false)]
    [InlineData("""{"type":"boolean"}""", FieldKind.Boolean, false)]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", FieldKind.List, false)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}}}""", FieldKind.Group, false)]
    [InlineData("""{"enum":["a","b"]}""", FieldKind.Choice, false)]
    [InlineData("""{"const":3}""", FieldKind.Choice, false)]
    [InlineData("""{"oneOf":[{"const":"a","title":"First"},{"const":"b"}]}""", FieldKind.Choice, false)]
    [InlineData("""{"type":["string","null"]}""", FieldKind.Text, true)]
    [InlineData("""{"anyOf":[{"type":"integer"},{"type":"null"}]}""", FieldKind.WholeNumber, true)]
    [InlineData("""{"oneOf":[{"type":"null"},{"enum":["a"]}]}""", FieldKind.Choice, true)]
    [InlineData("""{"allOf":[{"$ref":"#/$defs/n"}]}""", FieldKind.Number, false)]
    [InlineData("""{"$ref":"#/$defs/n"}""", FieldKind.Number, false)]
    [InlineData("""{"$ref":"#/$defs/with~1slash"}""", FieldKind.Boolean, false)]
    [InlineData("""{"anyOf":[{"type":"integer"},{"type":"string"}]}""", FieldKind.Json, false)]
    [InlineData("""{"type":["string","integer"]}""", FieldKind.Json, false)]
    [InlineData("""{"type":"object"}""", FieldKind.Json, false)]
    [InlineData("""{"type":"array"}""", FieldKind.Json, false)]
    [InlineData("""{"type":"array","prefixItems":[{}],"items":{"type":"string"}}""", FieldKind.Json, false)]
    [InlineData("""{"enum":[{"a":1}]}""", FieldKind.Json, false)]
    [InlineData("""{"$ref":"https://example.com/schema.json"}""", FieldKind.Json, false)]
    [InlineData("""{"$ref":"file:///etc/passwd"}""", FieldKind.Json, false)]
    [InlineData("""{"$ref":"#/$defs/nothing"}""", FieldKind.Json, false)]
    [InlineData("""{"$ref":"#/$defs/loop"}""", FieldKind.Json, false)]
    [InlineData("""{"type":"date-of-birth"}""", FieldKind.Json, false)]
    [InlineData("true", FieldKind.Json, false)]
    [InlineData("17", FieldKind.Json, false)]
    public void Each_shape_becomes_the_field_that_fits_it(string schema, FieldKind kind, bool nullable)
    {
        var field = Read($$$$"""{"type":"object","properties":{"x":{{{{schema}}}}},"$defs":{"n":{"type":"number"},"with/slash":{"type":"boolean"},"loop":{"$ref":"#/$defs/loop"}}}""").Fields.Single();

        Assert.Equal((kind, nullable), (field.Kind, field.Nullable));
    }

    [Fact]
    public void INJ_11_A_schema_that_holds_itself_ends_where_it_meets_itself()
    {
        var root = Read("""{"properties":{"tree":{"$ref":"#/$defs/node"}},"$defs":{"node":{"type":"object","properties":{"name":{"type":"string"},"left":{"$ref":"#/$defs/node"},"right":{"$ref":"#/$defs/node"}}}}}""");

        var tree = root.Fields.Single();
        Assert.Equal([FieldKind.Text, FieldKind.Json, FieldKind.Json], tree.Fields.Select(f => f.Kind));
        Assert.All(tree.Fields.Skip(1), f => Assert.Contains("refers to itself", f.Note, StringComparison.Ordinal));
    }

    [Fact]
    public void Words_limits_and_defaults_are_kept_and_what_is_required_comes_first()
    {
        var root = Read("""
            {"type":"object","required":["count"],"properties":{
              "mail":{"type":"string","format":"email","title":"To","description":"Who","pattern":"@","minLength":3,"maxLength":9},
              "count":{"type":"integer","minimum":1,"exclusiveMaximum":10,"default":5}}}
            """);

        Assert.Equal(["count", "mail"], root.Fields.Select(f => f.Name));
        var (count, mail) = (root.Fields[0], root.Fields[1]);
        Assert.True(count is { Required: true, Min: 1, Max: 10, MinExcluded: false, MaxExcluded: true });
        Assert.Equal(5, count.Default.GetInt32());
        Assert.True(mail is { Required: false, Format: "email", Title: "To", Description: "Who", Pattern: "@", MinLength: 3, MaxLength: 9 });
    }

    [Fact]
    public void INJ_9_Hidden_characters_of_a_description_become_visible()
    {
        var field = Read("""{"properties":{"a":{"type":"string","description":"safe\u202Eevil\uDB40\uDC41"}}}""").Fields.Single();

        Assert.Equal("safe⟦U+202E⟧evil⟦U+E0041⟧", field.Description);
    }

    [Fact]
    public void INJ_11_A_hundred_thousand_members_are_cut_and_said_to_be()
    {
        var members = string.Join(',', Enumerable.Range(0, 100_000).Select(i => $$"""
            "p{{i}}":{"type":"string"}
            """));
        var root = Read($$$"""{"type":"object","properties":{ {{{members}}} }}""");

        Assert.True(root.HasMore);
        Assert.InRange(root.Fields.Count, 1, SchemaFields.MaxFields);
    }

    [Fact]
    public void INJ_11_Five_thousand_levels_end_at_the_depth_of_a_form()
    {
        var deep = string.Concat(Enumerable.Repeat("""{"type":"object","properties":{"a":""", 2_500)) + "{}" + string.Concat(Enumerable.Repeat("}}", 2_500));
        using var document = JsonDocument.Parse(deep, new JsonDocumentOptions { MaxDepth = 10_000 });

        var depth = 0;
        for (var field = SchemaFields.Read(document.RootElement); field.Kind == FieldKind.Group && field.Fields.Count > 0; field = field.Fields[0])
        {
            depth++;
        }

        Assert.InRange(depth, 1, SchemaFields.MaxDepth);
    }

    [Fact]
    public void INJ_11_Many_references_to_one_large_part_stay_cheap()
    {
        var large = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"k{i}\":1"));
        var many = string.Join(',', Enumerable.Range(0, 5_000).Select(i => $"\"p{i}\":{{\"$ref\":\"#/$defs/large\"}}"));
        var root = Read($$$$$"""{"properties":{ {{{{{many}}}}} },"$defs":{"large":{ {{{{{large}}}}} }}}""");

        Assert.All(root.Fields, f => Assert.Equal(FieldKind.Json, f.Kind));
    }

    [Fact]
    public void Text_that_is_no_unicode_leaves_only_json()
    {
        var root = Read("""{"properties":{"\ud800":{"type":"string"}}}""");

        Assert.True(root is { Kind: FieldKind.Group, HasMore: true, Fields.Count: 0 });
    }

    internal static SchemaField Read(string schema)
    {
        using var document = JsonDocument.Parse(schema);
        return SchemaFields.Read(document.RootElement.Clone());
    }
}
