using System.Text.Json;

namespace McpPortal.TestConsole;

/// <summary>Puts given JSON into a form. What does not fit a field stays there as JSON, so nothing that was typed is lost.</summary>
internal static class FormReader
{
    private const int MaxItems = 200;

    public static void Read(FormNode node, JsonElement value)
    {
        node.Clear();
        var field = node.Field;
        if (value.ValueKind == JsonValueKind.Null && field.Nullable && field.Kind is not (FieldKind.Json or FieldKind.Choice))
        {
            node.SetEmpty(value);
            return;
        }

        switch (field.Kind)
        {
            case FieldKind.Text or FieldKind.LongText when value.ValueKind == JsonValueKind.String && value.Text() is { } text && FitsInput(field.Kind, text):
                node.Set(text);
                if (text.Length == 0)
                {
                    node.SetEmpty(value);
                }

                break;
            case FieldKind.Number or FieldKind.WholeNumber when value.ValueKind == JsonValueKind.Number:
                node.Set(value.GetRawText());
                break;
            case FieldKind.Boolean when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                node.Set(value.GetRawText());
                break;
            case FieldKind.Choice when IndexOf(field, value) is >= 0 and var index:
                node.Set(index.ToString(System.Globalization.CultureInfo.InvariantCulture));
                break;
            case FieldKind.List when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MaxItems:
                foreach (var item in value.EnumerateArray())
                {
                    var child = new FormNode(field.Item!, $"{node.Path}[{node.Children.Count}]", prefill: false);
                    Read(child, item);
                    node.Add(child);
                }

                if (node.Children.Count == 0)
                {
                    node.SetEmpty(value);
                }

                break;
            case FieldKind.Group when value.ValueKind == JsonValueKind.Object:
                ReadMembers(node, value);
                break;
            default:
                node.SetJson(Untrusted.Pretty(value) ?? value.GetRawText());
                break;
        }
    }

    private static void ReadMembers(FormNode node, JsonElement value)
    {
        var children = node.Children.ToDictionary(child => child.Field.Name, StringComparer.Ordinal);
        var any = false;
        foreach (var member in value.EnumerateObject())
        {
            any = true;
            if (children.TryGetValue(member.Name, out var child))
            {
                Read(child, member.Value);
            }
            else
            {
                node.Others[member.Name] = member.Value;
            }
        }

        if (!any)
        {
            node.SetEmpty(value);
        }
    }

    private static int IndexOf(SchemaField field, JsonElement value)
    {
        for (var i = 0; i < field.Choices.Count; i++)
        {
            if (JsonElement.DeepEquals(field.Choices[i].Value, value))
            {
                return i;
            }
        }

        return -1;
    }

    // A one-line input drops line breaks when it is next edited.
    private static bool FitsInput(FieldKind kind, string text) => kind == FieldKind.LongText || text.AsSpan().IndexOfAny('\n', '\r') < 0;
}
