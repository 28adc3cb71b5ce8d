using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace McpPortal.TestConsole;

/// <summary>Text and JSON from elsewhere, made fit to be looked at: capped, readable whatever they hold, nothing in them invisible on purpose.</summary>
internal static class Untrusted
{
    /// <summary>Deeper JSON is not read; it stays raw.</summary>
    public const int MaxDepth = 256;

    private static readonly JsonSerializerOptions Deep = new() { MaxDepth = MaxDepth };

    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        MaxDepth = MaxDepth,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // Razor encodes for HTML; people read ü, not \u00FC
    };

    /// <summary>
    /// Names and descriptions: characters that hide or reorder text (controls, direction overrides, tags) become visible, so that a person sees
    /// what a model would read.
    /// </summary>
    public static string Visible(string text, int max)
    {
        var shown = new StringBuilder(Math.Min(text.Length, max) + 1);
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= max)
            {
                return shown.Append('…').ToString();
            }

            if (IsHidden(rune))
            {
                shown.Append(CultureInfo.InvariantCulture, $"⟦U+{rune.Value:X4}⟧");
            }
            else
            {
                shown.Append(rune.ToString());
            }
        }

        return shown.ToString();
    }

    /// <summary>The value as indented JSON; null when it cannot be written (too deep, broken text in it).</summary>
    public static string? Pretty(JsonElement element)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        try
        {
            using (var writer = new Utf8JsonWriter(buffer, Indented))
            {
                element.WriteTo(writer);
            }

            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static JsonElement? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Bytes of the value as it was written, without reading it.</summary>
    public static int Size(JsonElement element) => System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element).Length;

    public static JsonNode? Node(JsonElement element) => JsonNode.Parse(element.GetRawText(), documentOptions: new JsonDocumentOptions { MaxDepth = MaxDepth });

    public static JsonElement Element(JsonNode? node) => JsonSerializer.SerializeToElement(node, Deep);

    /// <summary>JSON that a person typed; null when it is none, or when text in it is not valid Unicode.</summary>
    public static JsonElement? Typed(string json) => Parse(json) is { } value && Pretty(value) is not null ? value : null;

    public static JsonElement? Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    /// <summary>A member that is text; null when absent, of another kind, or not valid text (a lone surrogate).</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } value ? value.Text() : null;

    public static string? Text(this JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static JsonElement? Member(this JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException)
        {
            return null; // a neighbour's name is not valid text
        }
    }

    private static bool IsHidden(Rune rune) => rune.Value switch
    {
        '\n' or '\t' or '\r' => false,
        >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069 or 0x200B or 0x2060 or 0xFEFF or >= 0xE0000 and <= 0xE0FFF => true,
        _ => Rune.IsControl(rune),
    };
}
