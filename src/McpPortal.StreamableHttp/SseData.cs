using System.Text.Json;

namespace McpPortal.StreamableHttp;

/// <summary>What an event carries, as the transport writes it: one event at a time, its data on one line.</summary>
internal static class SseData
{
    private static ReadOnlySpan<byte> Field => "data: "u8;

    /// <summary>A message as an event. JSON that is not indented has no line breaks.</summary>
    public static byte[] Event(ReadOnlySpan<byte> json) => [.. "event: message\ndata: "u8, .. json, .. "\n\n"u8];

    /// <summary>The answer to a request, when that and nothing else was written.</summary>
    public static bool TryGetAnswer(ReadOnlyMemory<byte> written, out ReadOnlyMemory<byte> answer)
    {
        var text = written.Span;
        var start = text.StartsWith(Field) ? 0 : text.IndexOf("\ndata: "u8) + 1;
        var data = text[start..];
        var end = data.IndexOf((byte)'\n');
        answer = data.StartsWith(Field) && end > Field.Length && data[end..].SequenceEqual("\n\n"u8) ? written[(start + Field.Length)..(start + end)] : default;
        return answer.Length > 0 && IsAnswer(answer.Span);
    }

    /// <summary>Requests and notifications name a method; the server's own answers to a POST are to the request in it. What comes first decides, so that a long result need not be read.</summary>
    private static bool IsAnswer(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("result"u8) || reader.ValueTextEquals("error"u8))
            {
                return true;
            }

            if (reader.ValueTextEquals("method"u8))
            {
                return false;
            }

            reader.Skip();
        }

        return false;
    }
}
