using System.Text;
using McpPortal.Data;

namespace McpPortal.Secrets;

/// <summary>Which values can go where. Asked when a value is saved and again when it is used.</summary>
internal static class SecretValues
{
    public const int MaxBytes = 16 * 1024;

    // Throws on lone surrogates instead of storing something else than was typed.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>A sentence that never repeats the value, or null when it can be used.</returns>
    public static string? Refusal(CredentialPlacement placement, string value)
    {
        if (value.Length == 0)
        {
            return "The value is empty.";
        }

        if (value.Length > MaxBytes || !TryCount(value, out var bytes) || bytes > MaxBytes)
        {
            return value.Length > MaxBytes || TryCount(value, out _)
                ? $"The value is longer than {MaxBytes / 1024} KB."
                : "The value holds a broken character. Copy it again.";
        }

        if (value.Contains('\0', StringComparison.Ordinal))
        {
            return "The value holds a null character. Copy it again.";
        }

        return placement switch
        {
            CredentialPlacement.Bearer => value.AsSpan().ContainsAnyExceptInRange('!', '~') ? Broken("token", value) : null,
            CredentialPlacement.Header => value.AsSpan().ContainsAnyExceptInRange(' ', '~') || value[0] == ' ' || value[^1] == ' ' ? Broken("header", value) : null,
            _ => null,
        };
    }

    private static string Broken(string kind, string value) => value.AsSpan().ContainsAny('\r', '\n')
        ? $"The value holds a line break, which a {kind} cannot carry. Often it is copied along at the end."
        : $"The value holds a space or character that a {kind} cannot carry. Copy it again, without anything around it.";

    private static bool TryCount(string value, out int bytes)
    {
        try
        {
            bytes = Strict.GetByteCount(value);
            return true;
        }
        catch (EncoderFallbackException)
        {
            bytes = 0;
            return false;
        }
    }
}
