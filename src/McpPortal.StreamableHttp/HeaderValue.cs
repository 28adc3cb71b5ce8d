using System.Text;

namespace McpPortal.StreamableHttp;

/// <summary>The <c>=?base64?…?=</c> form that carries what a header cannot hold as it is.</summary>
internal static class HeaderValue
{
    private const string Prefix = "=?base64?";
    private const string Suffix = "?=";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The value as the sender meant it, or null when its encoding is broken.</summary>
    public static string? Decode(string? value)
    {
        if (value is null || !value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || !value.EndsWith(Suffix, StringComparison.Ordinal)
            || value.Length < Prefix.Length + Suffix.Length)
        {
            return value;
        }

        try
        {
            return Strict.GetString(Convert.FromBase64String(value[Prefix.Length..^Suffix.Length]));
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            return null;
        }
    }
}
