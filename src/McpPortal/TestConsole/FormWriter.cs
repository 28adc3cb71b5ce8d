using System.Globalization;
using System.Text.Json.Nodes;

namespace McpPortal.TestConsole;

/// <summary>Turns a form into the JSON to send. What is not valid is written as text, so that the JSON shows what was typed.</summary>
internal static class FormWriter
{
    public static JsonObject WriteRoot(FormNode root) => (JsonObject)Group(root);

    /// <summary>The value; null for JSON's null.</summary>
    public static JsonNode? Write(FormNode node) => node switch
    {
        { HasValue: false, Field.Nullable: true } => null,
        { AsJson: true } => Json(node.Text),
        { GivenEmpty: { } given } when node.Text.Length == 0 && !node.Children.Any(child => child.HasValue) && node.Others.Count == 0 => Untrusted.Node(given),
        { Field.Kind: FieldKind.Group } => Group(node),
        { Field.Kind: FieldKind.List } => new JsonArray([.. node.Children.Select(Write)]),
        { Field.Kind: FieldKind.Number or FieldKind.WholeNumber } when FormChecks.IsNumber(node.Text) => JsonNode.Parse(node.Text),
        { Field.Kind: FieldKind.Boolean, Text: "true" } => JsonValue.Create(true),
        { Field.Kind: FieldKind.Boolean, Text: "false" } => JsonValue.Create(false),
        { Field.Kind: FieldKind.Choice } when Chosen(node) is { } choice => Untrusted.Node(choice.Value),
        _ => JsonValue.Create(node.Text),
    };

    public static FieldChoice? Chosen(FormNode node) =>
        int.TryParse(node.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < node.Field.Choices.Count ? node.Field.Choices[index] : null;

    private static JsonObject Group(FormNode node)
    {
        var result = new JsonObject();
        foreach (var child in node.Children.Where(child => child.HasValue || MustBeSent(child.Field)))
        {
            result[child.Field.Name] = Write(child);
        }

        foreach (var (name, value) in node.Others)
        {
            result[name] = Untrusted.Node(value);
        }

        return result;
    }

    // An empty list, an empty group and null are values; an empty text that is required is a gap, which the checks name.
    private static bool MustBeSent(SchemaField field) => field.Required && (field.Nullable || field.Kind is FieldKind.List or FieldKind.Group);

    private static JsonNode? Json(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new() { MaxDepth = Untrusted.MaxDepth });
        }
        catch (System.Text.Json.JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
