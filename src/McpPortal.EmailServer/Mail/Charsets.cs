using System.Text;

namespace McpPortal.EmailServer.Mail;

/// <summary>Turns bytes of a named character set into text, and never fails on them.</summary>
internal static class Charsets
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    static Charsets() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>
    /// Gmail has often converted a body to UTF-8 already while its header still names the old set, so bytes beyond ASCII that are
    /// valid UTF-8 are taken as such.
    /// </summary>
    public static string DecodeBody(byte[] bytes, string? charset) =>
        (bytes.Any(b => b >= 0x80) || charset is null) && Utf8(bytes) is { } text ? text : Decode(bytes, charset);

    public static string Decode(byte[] bytes, string? charset)
    {
        var encoding = Find(charset);
        return encoding is UTF8Encoding ? Utf8(bytes) ?? Encoding.GetEncoding(1252).GetString(bytes) : encoding.GetString(bytes);
    }

    private static Encoding Find(string? charset)
    {
        try
        {
            return string.IsNullOrWhiteSpace(charset) ? StrictUtf8 : Encoding.GetEncoding(charset.Trim());
        }
        catch (ArgumentException)
        {
            return StrictUtf8;
        }
    }

    private static string? Utf8(byte[] bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
