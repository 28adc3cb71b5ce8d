using System.Text.Json;
using System.Text.Unicode;

namespace McpPortal.StreamableHttp;

/// <summary>
/// One pass over the raw bytes before anything is parsed. The SDK's converter takes a repeated <c>method</c> without complaint,
/// which lets two readers of one message see different calls, and throws on a repeated key inside <c>params</c>.
/// </summary>
internal static class JsonScan
{
    private const int KeysWorthReusing = 64;

    /// <summary>What is wrong with the body, or null.</summary>
    public static string? Check(ReadOnlySpan<byte> json, int maxDepth)
    {
        if (!Utf8.IsValid(json))
        {
            return "The body is not valid UTF-8.";
        }

        try
        {
            return FindDuplicate(json, maxDepth);
        }
        catch (JsonException)
        {
            return "The body is not valid JSON, or nested too deeply.";
        }
        catch (InvalidOperationException)
        {
            return "The body holds an escape that is no valid text.";
        }
    }

    private static string? FindDuplicate(ReadOnlySpan<byte> json, int maxDepth)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        var keys = new List<HashSet<string>?>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    Begin(keys, reader.CurrentDepth);
                    break;
                case JsonTokenType.PropertyName when !keys[reader.CurrentDepth - 1]!.Add(reader.GetString()!):
                    return "The body repeats a key.";
                case JsonTokenType.String when reader.ValueIsEscaped:
                    // Throws on a lone surrogate, which would otherwise surface much later as a server error.
                    _ = reader.GetString();
                    break;
            }
        }

        return null;
    }

    private static void Begin(List<HashSet<string>?> keys, int depth)
    {
        while (keys.Count <= depth)
        {
            keys.Add(null);
        }

        // Clearing costs the capacity: a set grown by one huge object must not be cleared for each of many small ones.
        if (keys[depth] is { Count: <= KeysWorthReusing } used && used.Capacity <= 4 * KeysWorthReusing)
        {
            used.Clear();
        }
        else
        {
            keys[depth] = new HashSet<string>(StringComparer.Ordinal);
        }
    }
}
