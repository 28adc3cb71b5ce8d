using System.Globalization;
using System.Text;

namespace McpPortal.Tests.Rig.Canaries;

/// <summary>How a value looks inside other texts, also where it stands in the middle of what was encoded. To be compared without regard to case.</summary>
internal static class Spellings
{
    public static IEnumerable<string> Of(string value) => Of(Encoding.UTF8.GetBytes(value));

    public static IEnumerable<string> Of(byte[] value) => All(value).Distinct(StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> All(byte[] value)
    {
        var text = Encoding.Latin1.GetString(value);
        yield return text;
        foreach (var base64 in Enumerable.Range(0, 3).Select(before => Base64(value, before)))
        {
            yield return base64;
            yield return base64.Replace('+', '-').Replace('/', '_');
        }

        yield return Convert.ToHexString(value);
        yield return string.Join('-', value.Select(b => b.ToString("X2", CultureInfo.InvariantCulture)));
        yield return Uri.EscapeDataString(text);
        yield return System.Net.WebUtility.UrlEncode(text);
        yield return Each(value, "%{0:X2}");
        yield return System.Text.Json.JsonEncodedText.Encode(text).ToString();
        yield return Each(value, "\\u{0:X4}");
        yield return System.Net.WebUtility.HtmlEncode(text);
        yield return Each(value, "&#x{0:X};");
        yield return Each(value, "&#{0};");

        // UTF-16 in memory and in files, read a character for each byte.
        yield return string.Join('\0', text.AsEnumerable());
    }

    /// <summary>The characters that do not depend on what stands before and behind; <paramref name="before"/> bytes precede it in its group of three.</summary>
    private static string Base64(byte[] value, int before)
    {
        var text = Convert.ToBase64String([.. new byte[before], .. value]);
        var first = ((before * 8) + 5) / 6;
        return text[first..((before + value.Length) * 8 / 6)];
    }

    private static string Each(byte[] value, string format) => string.Concat(value.Select(b => string.Format(CultureInfo.InvariantCulture, format, b)));
}
