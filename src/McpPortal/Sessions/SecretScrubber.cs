using System.Text;

namespace McpPortal.Sessions;

/// <summary>Replaces known secrets in text by ***, plain and in the encodings in which programs print them.</summary>
internal sealed class SecretScrubber
{
    // Shorter values would blank out ordinary words.
    private const int ShortestSecret = 4;

    private readonly string[] _forms;

    public SecretScrubber(IEnumerable<string> secrets) => _forms =
    [
        .. secrets.Where(secret => secret.Length >= ShortestSecret).SelectMany(Forms).Distinct(StringComparer.Ordinal).OrderByDescending(form => form.Length),
    ];

    /// <summary>The very same string when there is nothing to replace.</summary>
    public string Scrub(string text)
    {
        foreach (var form in _forms)
        {
            text = text.Replace(form, "***", StringComparison.OrdinalIgnoreCase);
        }

        return text;
    }

    private static IEnumerable<string> Forms(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return secret;
        for (var before = 0; before < 3; before++)
        {
            // Inside something longer, such as "user:secret", only the characters in the middle are its own.
            var base64 = Convert.ToBase64String([.. new byte[before], .. bytes])[(((before * 8) + 5) / 6)..((before + bytes.Length) * 8 / 6)];
            yield return base64;
            yield return base64.Replace('+', '-').Replace('/', '_');
        }

        yield return Convert.ToHexString(bytes);
        yield return Uri.EscapeDataString(secret);
        yield return System.Text.Json.JsonEncodedText.Encode(secret).ToString();
        // A value of several lines is printed line by line.
        foreach (var line in secret.Split('\n').Select(line => line.Trim()).Where(line => line.Length >= 16))
        {
            yield return line;
        }
    }
}
