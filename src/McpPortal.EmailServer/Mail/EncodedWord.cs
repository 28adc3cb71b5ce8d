using System.Globalization;
using System.Text;

namespace McpPortal.EmailServer.Mail;

/// <summary>Text beyond ASCII in message headers (RFC 2047).</summary>
internal static class EncodedWord
{
    private const string Prefix = "=?utf-8?B?";
    private const string Suffix = "?=";

    // A line with an encoded word may have 76 characters (RFC 2047 §2); 39 bytes leave room for the name of the header.
    private const int BytesPerWord = 39;
    private const int LongestPlain = 60;

    /// <summary>The text as it may stand in a header, folded where it needs several words.</summary>
    public static string Encode(string text)
    {
        if (IsPlain(text))
        {
            return text;
        }

        var words = new List<string>();
        var bytes = new List<byte>(BytesPerWord);
        Span<byte> buffer = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            // A word must not end within a character (RFC 2047 §5).
            var encoded = buffer[..rune.EncodeToUtf8(buffer)];
            if (bytes.Count + encoded.Length > BytesPerWord)
            {
                words.Add(Word(bytes));
                bytes.Clear();
            }

            bytes.AddRange(encoded);
        }

        words.Add(Word(bytes));
        return string.Join("\r\n ", words);
    }

    /// <summary>Decodes every encoded word; what is none, or is broken, stays as it is.</summary>
    public static string Decode(string header)
    {
        var text = header.Replace("\r\n", "", StringComparison.Ordinal);
        var result = new StringBuilder();
        var pending = new List<byte>();
        string? charset = null;
        var position = 0;
        while (position < text.Length)
        {
            var start = text.IndexOf("=?", position, StringComparison.Ordinal);
            if (start < 0 || Parse(text, start) is not { } word)
            {
                Flush();
                var end = start < 0 ? text.Length : start + 2;
                result.Append(text, position, end - position);
                position = end;
                continue;
            }

            // White space between two encoded words belongs to neither (RFC 2047 §6.2).
            var between = text.AsSpan(position, start - position);
            var adjacent = charset is not null && between.IsWhiteSpace();
            if (!adjacent || !string.Equals(charset, word.Charset, StringComparison.OrdinalIgnoreCase))
            {
                Flush();
                result.Append(adjacent ? [] : between);
            }

            pending.AddRange(word.Bytes);
            charset = word.Charset;
            position = word.End;
        }

        Flush();
        return result.ToString();

        void Flush()
        {
            if (charset is not null)
            {
                result.Append(Charsets.Decode([.. pending], charset));
            }

            pending.Clear();
            charset = null;
        }
    }

    private static bool IsPlain(string text) =>
        text.Length <= LongestPlain
        && text.All(c => c is >= ' ' and <= '~')
        && !text.Contains("=?", StringComparison.Ordinal)
        && text.Trim() == text;

    private static string Word(List<byte> bytes) => Prefix + Convert.ToBase64String([.. bytes]) + Suffix;

    private static (string Charset, byte[] Bytes, int End)? Parse(string text, int start)
    {
        var charsetEnd = text.IndexOf('?', start + 2);
        if (charsetEnd < 0 || charsetEnd == start + 2 || charsetEnd + 2 >= text.Length || text[charsetEnd + 2] != '?')
        {
            return null;
        }

        var end = text.IndexOf("?=", charsetEnd + 3, StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        var payload = text[(charsetEnd + 3)..end];
        var bytes = text[charsetEnd + 1] switch
        {
            'B' or 'b' => Base64(payload),
            'Q' or 'q' => QuotedPrintable(payload),
            _ => null,
        };

        // A language may follow the character set (RFC 2231 §5).
        var charset = text[(start + 2)..charsetEnd].Split('*')[0];
        return bytes is null ? null : (charset, bytes, end + 2);
    }

    private static byte[]? Base64(string payload)
    {
        var padded = payload.TrimEnd('=');
        padded = padded.PadRight((padded.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, bytes, out var written) ? bytes[..written] : null;
    }

    private static byte[]? QuotedPrintable(string payload)
    {
        var bytes = new List<byte>(payload.Length);
        for (var i = 0; i < payload.Length; i++)
        {
            var character = payload[i];
            if (character == '=')
            {
                if (i + 2 >= payload.Length || !byte.TryParse(payload.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                {
                    return null;
                }

                bytes.Add(value);
                i += 2;
            }
            else if (character is > ' ' and <= '~')
            {
                bytes.Add(character == '_' ? (byte)' ' : (byte)character);
            }
            else
            {
                return null;
            }
        }

        return [.. bytes];
    }
}
