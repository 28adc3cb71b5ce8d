using System.Globalization;
using System.Text.Json;

namespace McpPortal.TestConsole;

/// <summary>What a person typed for one field, kept as typed, and the nodes under it. Lives in one circuit.</summary>
public sealed class FormNode
{
    private static long _last;
    private readonly List<FormNode> _children = [];
    private bool _asJson;

    public FormNode(SchemaField field, string path, bool prefill)
    {
        (Field, Path) = (field, path);
        Id = "field-" + Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
        if (field.Kind == FieldKind.Group)
        {
            foreach (var member in field.Fields)
            {
                _children.Add(new FormNode(member, path.Length == 0 ? member.Name : path + "." + member.Name, prefill && (path.Length == 0 || field.Required)));
            }
        }
        else if (prefill && field.Default.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        {
            FormReader.Read(this, field.Default);
        }
        else if (field is { Kind: FieldKind.Boolean, Required: true, Nullable: false })
        {
            Text = "false";
        }
    }

    public SchemaField Field { get; }

    /// <summary>Where the value lies: <c>to</c>, <c>options.limit</c>, <c>items[2]</c>.</summary>
    public string Path { get; }

    /// <summary>Id of the input.</summary>
    public string Id { get; }

    /// <summary>As typed: text, number, "true"/"false", index of a choice, or JSON.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Members of a group or items of a list.</summary>
    public IReadOnlyList<FormNode> Children => _children;

    /// <summary>The value does not fit its field, or has no better field: typed as JSON.</summary>
    public bool AsJson => _asJson || Field.Kind == FieldKind.Json;

    /// <summary>What an empty field stands for: left out (null), or the very value that was given ("" , null, []).</summary>
    internal JsonElement? GivenEmpty { get; private set; }

    /// <summary>Members of a group that have no field; kept as they were given.</summary>
    internal Dictionary<string, JsonElement> Others { get; } = new(StringComparer.Ordinal);

    public string? Problem { get; internal set; }

    /// <summary>Something would be sent for it.</summary>
    public bool HasValue => GivenEmpty is not null || Text.Length > 0 || Others.Count > 0
        || _children.Exists(child => Field.Kind == FieldKind.List || child.HasValue);

    public void Type(string text)
    {
        Problem = null;
        if (_asJson && Untrusted.Typed(text) is { } value)
        {
            FormReader.Read(this, value); // it may fit its field now
            return;
        }

        (Text, GivenEmpty) = (text, null);
    }

    public void AddItem()
    {
        (Problem, GivenEmpty) = (null, null);
        _children.Add(new FormNode(Field.Item!, $"{Path}[{Children.Count}]", prefill: true));
    }

    public void RemoveItem(FormNode item)
    {
        var rest = Children.Where(child => child != item).Select(FormWriter.Write).ToList();
        Problem = null;
        _children.Clear();
        foreach (var value in rest)
        {
            // made anew, because each path names its place
            var child = new FormNode(Field.Item!, $"{Path}[{Children.Count}]", prefill: false);
            FormReader.Read(child, Untrusted.Element(value));
            _children.Add(child);
        }
    }

    internal void Clear()
    {
        (Text, GivenEmpty, _asJson, Problem) = ("", null, false, null);
        Others.Clear();
        if (Field.Kind == FieldKind.Group)
        {
            _children.ForEach(child => child.Clear());
        }
        else
        {
            _children.Clear();
        }
    }

    internal void Add(FormNode item) => _children.Add(item);

    internal void Set(string text) => Text = text;

    internal void SetEmpty(JsonElement given) => GivenEmpty = given;

    internal void SetJson(string json) => (_asJson, Text) = (Field.Kind != FieldKind.Json, json);

    internal IEnumerable<FormNode> All() => Children.SelectMany(child => child.All()).Prepend(this);
}
