using System.Globalization;
using System.Net.Mime;
using System.Text;

namespace McpPortal.Sandbox.Google;

/// <summary>Reads a message off the wire: headers, nested parts, transfer encodings; enough for what mail programs send.</summary>
internal static class MailParser
{
    public static MailPart Parse(string raw) => ParsePart(raw.ReplaceLineEndings("\n"), depth: 0);

    private static MailPart ParsePart(string text, int depth)
    {
        var split = text.IndexOf("\n\n", StringComparison.Ordinal);
        var headers = ParseHeaders(split < 0 ? text : text[..split]);
        var body = split < 0 ? "" : text[(split + 2)..];
        var type = ContentTypeOf(headers);
        var part = new MailPart(headers, type.MediaType.ToLowerInvariant(), FileName(headers, type), [], []);
        return part.MimeType.StartsWith("multipart/", StringComparison.Ordinal) && type.Boundary is { } boundary && depth < 8
            ? part with { Parts = [.. Split(body, boundary).Select(inner => ParsePart(inner, depth + 1))] }
            : part with { Body = Decode(body, part.Header("Content-Transfer-Encoding")) };
    }

    private static List<KeyValuePair<string, string>> ParseHeaders(string text)
    {
        List<KeyValuePair<string, string>> headers = [];
        foreach (var line in text.Split('\n'))
        {
            // A line that begins with white space goes on with the header before it (RFC 5322 §2.2.3).
            if (line.Length > 0 && line[0] is ' ' or '\t' && headers.Count > 0)
            {
                headers[^1] = new(headers[^1].Key, $"{headers[^1].Value} {line.Trim()}");
            }
            else if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                headers.Add(new(line[..colon], line[(colon + 1)..].Trim()));
            }
        }

        return headers;
    }

    private static ContentType ContentTypeOf(List<KeyValuePair<string, string>> headers)
    {
        var value = headers.FirstOrDefault(header => string.Equals(header.Key, "Content-Type", StringComparison.OrdinalIgnoreCase)).Value;
        try
        {
            return new ContentType(value ?? "text/plain");
        }
        catch (FormatException)
        {
            return new ContentType("text/plain");
        }
    }

    private static string? FileName(List<KeyValuePair<string, string>> headers, ContentType type)
    {
        var value = headers.FirstOrDefault(header => string.Equals(header.Key, "Content-Disposition", StringComparison.OrdinalIgnoreCase)).Value;
        try
        {
            return value is null ? type.Name : new ContentDisposition(value).FileName ?? type.Name;
        }
        catch (FormatException)
        {
            return type.Name;
        }
    }

    private static IEnumerable<string> Split(string body, string boundary)
    {
        var pieces = ("\n" + body).Split($"\n--{boundary}");
        foreach (var piece in pieces.Skip(1))
        {
            if (piece.StartsWith("--", StringComparison.Ordinal))
            {
                yield break;
            }

            yield return piece[(piece.IndexOf('\n', StringComparison.Ordinal) + 1)..];
        }
    }

    private static byte[] Decode(string body, string? encoding) => encoding?.Trim().ToLowerInvariant() switch
    {
        "base64" => DecodeBase64(body),
        "quoted-printable" => DecodeQuotedPrintable(body),
        _ => Encoding.UTF8.GetBytes(body),
    };

    private static byte[] DecodeBase64(string body)
    {
        var bytes = new byte[body.Length];
        return Convert.TryFromBase64String(body, bytes, out var length) ? bytes[..length] : Encoding.UTF8.GetBytes(body);
    }

    private static byte[] DecodeQuotedPrintable(string body)
    {
        using var bytes = new MemoryStream();
        var text = body.Replace("=\n", "", StringComparison.Ordinal);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '=' && i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value))
            {
                bytes.WriteByte(value);
                i += 2;
            }
            else
            {
                bytes.Write(Encoding.UTF8.GetBytes([text[i]]));
            }
        }

        return bytes.ToArray();
    }
}
