using System.Text;
using System.Text.RegularExpressions;

namespace McpPortal.Sandbox.Google;

internal static partial class EncodedWords
{
    /// <summary>Decodes base64 words (RFC 2047 §4.1) in UTF-8, for searching; other text comes back as it is.</summary>
    public static string Decode(string text) => Word().Replace(text, match =>
    {
        var bytes = new byte[match.Length];
        return Convert.TryFromBase64String(match.Groups["text"].Value, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : match.Value;
    });

    [GeneratedRegex(@"=\?UTF-8\?B\?(?<text>[A-Za-z0-9+/=]*)\?=", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 500)]
    private static partial Regex Word();
}
