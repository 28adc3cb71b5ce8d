using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using McpPortal.TestConsole;

namespace McpPortal.Tests.TestConsole;

public sealed class SchemaFieldsPropertiesTests
{
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(1500);

    // The words of JSON Schema, so that random objects are nearly schemas, with the values that belong elsewhere.
    private static readonly Gen<string> Keys = Gen.Elements("type", "properties", "items", "required", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "$defs", "default", "title",
        "description", "format", "pattern", "minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "minItems", "additionalProperties", "prefixItems", "a", "b", "");

    private static readonly Gen<string> Scalars = Gen.Elements("\"string\"", "\"integer\"", "\"number\"", "\"boolean\"", "\"array\"", "\"object\"", "\"null\"", "null", "true", "false", "0", "-1",
        "1e999", "1e-400", "12345678901234567890", "\"#/$defs/a\"", "\"#/properties/a\"", "\"#\"", "\"#/\"", "\"http://169.254.169.254/\"", "\"\\ud800\"", "\"(a+)+$\"", "\"[\"", "\"<script>\"", "\"\"");

    private static Gen<string> Json(int size) => size <= 0
        ? Scalars
        : Gen.Frequency(
            (2, Scalars),
            (2, Json(size / 3).ListOf().Select(items => $"[{string.Join(',', items.Take(4))}]")),
            (6, Keys.Zip(Json(size / 2)).ListOf().Select(members => $"{{{string.Join(',', members.Take(6).Select(m => $"{JsonSerializer.Serialize(m.Item1)}:{m.Item2}"))}}}")));

    private static readonly Gen<string> Objects = Keys.Zip(Json(24)).ListOf().Select(members => $"{{{string.Join(',', members.Take(8).Select(m => $"{JsonSerializer.Serialize(m.Item1)}:{m.Item2}"))}}}");

    [Fact]
    public void INJ_11_Any_object_is_read_into_a_bounded_form_that_can_be_filled_checked_and_written()
    {
        Prop.ForAll(Objects.ToArbitrary(), Objects.ToArbitrary(), (schema, arguments) =>
        {
            using var document = JsonDocument.Parse(schema);
            var root = SchemaFields.Read(document.RootElement);
            Assert.Equal(FieldKind.Group, root.Kind);
            Assert.InRange(Count(root, 0), 1, SchemaFields.MaxFields + 2);

            var draft = new ToolDraft(new ToolInfo("t", null, "", ToolEffect.Reads, document.RootElement));
            _ = draft.Build();
            draft.ShowJson();
            draft.TypeJson(arguments);
            draft.ShowForm();
            _ = draft.Build();
        }).Check(Config);
    }

    [Fact]
    public void Any_valid_arguments_survive_the_way_through_the_form()
    {
        const string Schema = """
            {"type":"object","properties":{
              "text":{"type":"string"},"count":{"type":"integer"},"size":{"type":["number","null"]},"on":{"type":"boolean"},"kind":{"enum":["a","b",3,null]},
              "list":{"type":"array","items":{"type":"string"}},"group":{"type":"object","properties":{"inner":{"type":"string"},"deep":{"type":"array","items":{"type":"object","properties":{"z":{"type":"integer"}}}}}},
              "any":{}}}
            """;
        using var schema = JsonDocument.Parse(Schema);
        var names = Gen.Elements("text", "count", "size", "on", "kind", "list", "group", "any", "unknown");
        var values = Gen.Elements("\"\"", "\"x\"", "\"two\\nlines\"", "1", "-2.50", "1e3", "12345678901234567890123", "true", "false", "null", "[]", "[\"\",\"y\"]", "[1]", "{}", "{\"inner\":\"\"}",
            "{\"inner\":\"i\",\"other\":[1]}", "{\"deep\":[{\"z\":1},{}]}", "\"a\"", "3");
        var objects = names.Zip(values).ListOf().Select(members => $"{{{string.Join(',', members.DistinctBy(m => m.Item1).Select(m => $"\"{m.Item1}\":{m.Item2}"))}}}");
        Prop.ForAll(objects.ToArbitrary(), arguments =>
        {
            var draft = new ToolDraft(new ToolInfo("t", null, "", ToolEffect.Reads, schema.RootElement));
            draft.ShowJson();
            draft.TypeJson(arguments);
            draft.ShowForm();
            Assert.False(draft.InJson);
            draft.ShowJson();
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(arguments), JsonNode.Parse(draft.Json)), $"{arguments} became {draft.Json}");
        }).Check(Config);
    }

    private static int Count(SchemaField field, int depth)
    {
        Assert.InRange(depth, 0, SchemaFields.MaxDepth + 1);
        return 1 + field.Fields.Sum(f => Count(f, depth + 1)) + (field.Item is null ? 0 : Count(field.Item, depth + 1));
    }
}
