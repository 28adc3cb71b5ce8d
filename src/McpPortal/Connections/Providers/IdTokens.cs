using System.Buffers.Text;

namespace McpPortal.Connections.Providers;

/// <summary>Looks into an ID token that came straight from the token endpoint, only to notice that it speaks of somebody else.</summary>
internal static class IdTokens
{
    /// <returns>The subject, an empty text when the token cannot be read, null when there is none.</returns>
    public static string? Subject(string? idToken)
    {
        if (idToken is null)
        {
            return null;
        }

        var parts = idToken.Split('.');
        try
        {
            return parts.Length == 3 && TokenAnswers.Parse(Base64Url.DecodeFromChars(parts[1])) is { } json ? TokenAnswers.Text(json, "sub") ?? "" : "";
        }
        catch (FormatException)
        {
            return "";
        }
    }
}
