using System.Text.Json;

namespace McpPortal.TestConsole;

/// <summary>
/// Turns a tool's JSON schema into the fields of a form. Pure, and bounded whatever the schema holds: it fetches nothing, follows local
/// references only, and leaves to JSON what a form has no good way for.
/// </summary>
public static class SchemaFields
{
    public const int MaxFields = 400;
    public const int MaxDepth = 8;
    private const int MaxChoices = 500;
    private const int MaxReferences = 16;
    private const int MaxRequired = 10_000;
    private const int MaxWords = 2_000;
    private const int MaxPattern = 1_000;
    private const int MaxPartBytes = 64 * 1024;
    private const int MaxDefaultBytes = 20_000;
    private static readonly string[] LongNames = ["body", "content", "text", "message", "markdown", "html", "code", "sql", "prompt"];

    /// <summary>The root group. Anything that is no schema gives a group without fields.</summary>
    public static SchemaField Read(JsonElement schema)
    {
        try
        {
            var root = new Reader(schema).Root();
            return root.Kind == FieldKind.Group ? root : Empty(hasMore: true);
        }
        catch (InvalidOperationException)
        {
            return Empty(hasMore: true); // names or texts in it are not valid Unicode
        }
    }

    private static SchemaField Empty(bool hasMore) => new() { Name = "", Kind = FieldKind.Group, Required = true, HasMore = hasMore };

    private sealed class Reader(JsonElement document)
    {
        private readonly Stack<string> _open = new();
        private int _left = MaxFields;

        public SchemaField Root() => document.ValueKind == JsonValueKind.Object && document.Member("properties") is null && document.Member("$ref") is null
            && document.Member("allOf") is null && document.Member("anyOf") is null && document.Member("oneOf") is null
                ? Empty(hasMore: document.Member("additionalProperties") is { ValueKind: JsonValueKind.True or JsonValueKind.Object })
                : Field("", document, required: true, depth: 0);

        private SchemaField Field(string name, JsonElement schema, bool required, int depth)
        {
            _left--;
            var opened = _open.Count;
            try
            {
                return Resolve(schema, out var outer) is { } resolved && (depth == 0 || Untrusted.Size(resolved) <= MaxPartBytes)
                    ? Shape(name, resolved, outer, required, depth)
                    : Words(new SchemaField { Name = name, Kind = FieldKind.Json, Required = required, Note = "This part of the schema refers to itself, lies elsewhere or is very large, so it is typed as JSON." }, schema, schema);
            }
            finally
            {
                while (_open.Count > opened)
                {
                    _open.Pop();
                }
            }
        }

        private SchemaField Shape(string name, JsonElement schema, JsonElement outer, bool required, int depth)
        {
            var field = Words(new SchemaField { Name = name, Kind = FieldKind.Json, Required = required }, schema, outer);
            var (core, nullable) = WithoutNull(schema);
            if (core is not { } inner || Resolve(inner, out var innerOuter) is not { } known)
            {
                return field with { Nullable = nullable };
            }

            field = Words(field with { Nullable = nullable }, known, innerOuter, onlyMissing: true);
            if (Choices(known) is { } choices)
            {
                return choices.Count == 0 ? field : field with { Kind = FieldKind.Choice, Choices = choices };
            }

            return (TypeOf(known, ref nullable) switch
            {
                "string" => Texts(field, known),
                "number" => Numbers(field with { Kind = FieldKind.Number }, known),
                "integer" => Numbers(field with { Kind = FieldKind.WholeNumber }, known),
                "boolean" => field with { Kind = FieldKind.Boolean },
                "array" => List(field, known, depth),
                "object" => Group(field, known, depth),
                _ => field,
            }) with { Nullable = nullable };
        }

        private SchemaField Group(SchemaField field, JsonElement schema, int depth)
        {
            if (schema.Member("properties") is not { ValueKind: JsonValueKind.Object } properties)
            {
                return depth == 0 ? field with { Kind = FieldKind.Group, HasMore = true } : field;
            }

            if (depth >= MaxDepth)
            {
                return field;
            }

            var required = new HashSet<string>(StringComparer.Ordinal);
            if (schema.Member("required") is { ValueKind: JsonValueKind.Array } names)
            {
                required.UnionWith(names.EnumerateArray().Take(MaxRequired).Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.Text() ?? ""));
            }

            var members = new Dictionary<string, SchemaField>(StringComparer.Ordinal);
            var more = false;
            foreach (var property in properties.EnumerateObject())
            {
                if (_left <= 0)
                {
                    more = true;
                    break;
                }

                members[property.Name] = Field(property.Name, property.Value, required.Contains(property.Name), depth + 1);
            }

            // What has to be filled in comes first; otherwise the server's own order.
            return field with { Kind = FieldKind.Group, Fields = [.. members.Values.OrderByDescending(m => m.Required)], HasMore = more };
        }

        private SchemaField List(SchemaField field, JsonElement schema, int depth)
        {
            if (depth >= MaxDepth || _left <= 0 || schema.Member("items") is not { ValueKind: JsonValueKind.Object } items || schema.Member("prefixItems") is not null)
            {
                return field;
            }

            return field with
            {
                Kind = FieldKind.List,
                Item = Field("item", items, required: true, depth + 1),
                MinLength = Whole(schema, "minItems"),
                MaxLength = Whole(schema, "maxItems"),
            };
        }

        private static SchemaField Texts(SchemaField field, JsonElement schema)
        {
            var format = schema.Text("format") is { Length: > 0 and <= 64 } f ? f : null;
            var max = Whole(schema, "maxLength");
            var isLong = format is null && (max is null or > 200) && LongNames.Contains(field.Name, StringComparer.OrdinalIgnoreCase);
            return field with
            {
                Kind = isLong ? FieldKind.LongText : FieldKind.Text,
                Format = format,
                Pattern = schema.Text("pattern") is { Length: > 0 and <= MaxPattern } pattern ? pattern : null,
                MinLength = Whole(schema, "minLength"),
                MaxLength = max,
            };
        }

        private static SchemaField Numbers(SchemaField field, JsonElement schema)
        {
            // draft 4 wrote true beside the limit, later drafts write the limit itself
            var (above, below) = (Number(schema, "exclusiveMinimum"), Number(schema, "exclusiveMaximum"));
            return field with
            {
                Min = above ?? Number(schema, "minimum"),
                Max = below ?? Number(schema, "maximum"),
                MinExcluded = above is not null || schema.Member("exclusiveMinimum") is { ValueKind: JsonValueKind.True },
                MaxExcluded = below is not null || schema.Member("exclusiveMaximum") is { ValueKind: JsonValueKind.True },
            };
        }

        /// <summary>Null: no closed list. Empty: a list that is too long for a form.</summary>
        private static List<FieldChoice>? Choices(JsonElement schema)
        {
            if (schema.Member("const") is { } only)
            {
                return Closed([(only, null)]);
            }

            if (schema.Member("enum") is { ValueKind: JsonValueKind.Array } values)
            {
                return values.GetArrayLength() > MaxChoices ? [] : Closed(values.EnumerateArray().Select(value => (value, (string?)null)));
            }

            if ((schema.Member("oneOf") ?? schema.Member("anyOf")) is { ValueKind: JsonValueKind.Array } options && options.GetArrayLength() is > 0 and <= MaxChoices
                && options.EnumerateArray().All(option => option.Member("const") is not null))
            {
                return Closed(options.EnumerateArray().Select(option => (option.Member("const")!.Value, Small(option, "title"))));
            }

            return null;
        }

        /// <summary>Single values only: lists and objects to choose from are typed as JSON.</summary>
        private static List<FieldChoice> Closed(IEnumerable<(JsonElement Value, string? Title)> values)
        {
            var choices = new List<FieldChoice>();
            foreach (var (value, title) in values)
            {
                if (Untrusted.Size(value) > MaxDefaultBytes || (value.ValueKind == JsonValueKind.String ? value.Text() : value.GetRawText()) is not { } text
                    || value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                {
                    return [];
                }

                choices.Add(new FieldChoice(value, Untrusted.Visible(string.IsNullOrWhiteSpace(title) ? text : title, 200)));
            }

            return choices;
        }

        /// <summary>X out of anyOf [X, null] and the like; null where several shapes are left.</summary>
        private static (JsonElement? Core, bool Nullable) WithoutNull(JsonElement schema)
        {
            if (schema.Member("const") is null && schema.Member("enum") is null
                && (schema.Member("anyOf") ?? schema.Member("oneOf") ?? schema.Member("allOf")) is { ValueKind: JsonValueKind.Array } options
                && options.GetArrayLength() is > 0 and <= MaxChoices)
            {
                if (options.EnumerateArray().All(option => option.Member("const") is not null))
                {
                    return (schema, false);
                }

                var real = options.EnumerateArray().Where(option => option.Text("type") != "null").Take(2).ToList();
                return (real.Count == 1 && schema.Member("properties") is null ? real[0] : null, options.GetArrayLength() > real.Count);
            }

            return (schema, false);
        }

        private static string? TypeOf(JsonElement schema, ref bool nullable)
        {
            if (schema.Member("type") is { ValueKind: JsonValueKind.Array } types)
            {
                var names = types.EnumerateArray().Take(8).Select(t => t.ValueKind == JsonValueKind.String ? t.Text() : null).ToList();
                nullable |= names.Contains("null");
                names.RemoveAll(n => n == "null");
                return names.Count == 1 ? names[0] : null;
            }

            return schema.Text("type") ?? (schema.Member("properties") is not null ? "object" : schema.Member("items") is not null ? "array" : null);
        }

        /// <summary>Follows local references. Null: elsewhere, missing, or inside itself.</summary>
        private JsonElement? Resolve(JsonElement schema, out JsonElement outer)
        {
            outer = schema;
            for (var step = 0; step < MaxReferences; step++)
            {
                if (schema.ValueKind is JsonValueKind.True)
                {
                    return schema;
                }

                if (schema.ValueKind != JsonValueKind.Object || schema.Member("$dynamicRef") is not null)
                {
                    return null;
                }

                if (schema.Member("$ref") is not { } reference)
                {
                    return schema;
                }

                if (reference.ValueKind != JsonValueKind.String || reference.Text() is not { } pointer || _open.Contains(pointer) || Follow(pointer) is not { } target)
                {
                    return null;
                }

                _open.Push(pointer);
                schema = target;
            }

            return null;
        }

        /// <summary>RFC 6901 pointer as a fragment, inside this document only.</summary>
        private JsonElement? Follow(string pointer)
        {
            if (pointer == "#")
            {
                return null; // the whole again: inside itself by definition
            }

            var parts = pointer.StartsWith("#/", StringComparison.Ordinal) && pointer.Length <= 512 ? pointer[2..].Split('/') : [];
            if (parts.Length is 0 or > 32)
            {
                return null;
            }

            JsonElement? at = document;
            foreach (var part in parts)
            {
                var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
                at = at is not { } here ? null
                    : here.ValueKind == JsonValueKind.Array
                        ? int.TryParse(name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var index) && index < here.GetArrayLength() ? here[index] : null
                        : here.Member(name);
            }

            return at;
        }

        private static SchemaField Words(SchemaField field, JsonElement schema, JsonElement outer, bool onlyMissing = false)
        {
            var title = Small(outer, "title") ?? Small(schema, "title");
            var description = Small(outer, "description") ?? Small(schema, "description");
            var fallback = outer.Member("default") ?? schema.Member("default") ?? default;
            if (fallback.ValueKind != JsonValueKind.Undefined && (Untrusted.Size(fallback) > MaxDefaultBytes || Untrusted.Pretty(fallback) is null))
            {
                fallback = default;
            }

            return field with
            {
                Title = onlyMissing && field.Title is not null || string.IsNullOrWhiteSpace(title) ? field.Title : Untrusted.Visible(title, 200),
                Description = onlyMissing && field.Description is not null || string.IsNullOrWhiteSpace(description) ? field.Description : Untrusted.Visible(description, MaxWords),
                Default = onlyMissing && field.Default.ValueKind != JsonValueKind.Undefined ? field.Default : fallback,
            };
        }

        private static string? Small(JsonElement schema, string name) =>
            schema.Member(name) is { ValueKind: JsonValueKind.String } text && Untrusted.Size(text) <= MaxPartBytes ? text.Text() : null;

        private static double? Number(JsonElement schema, string name) =>
            schema.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

        private static int? Whole(JsonElement schema, string name) => Number(schema, name) is >= 0 and <= int.MaxValue and var number ? (int)number : null;
    }
}
