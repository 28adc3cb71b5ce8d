using System.Text;

namespace McpPortal.Sessions.Stdio;

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
        yield return Convert.ToBase64String(bytes).TrimEnd('=');
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
