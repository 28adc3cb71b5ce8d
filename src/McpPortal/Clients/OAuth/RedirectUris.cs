using System.Buffers;
using System.Text.RegularExpressions;

namespace McpPortal.Clients.OAuth;

/// <summary>Where a client may have its answer sent: https, or plain http on the person's own machine. Compared as texts.</summary>
internal static partial class RedirectUris
{
    public const int MaxLength = 1000;
    public const int Max = 10;

    /// <summary>Visible ASCII without what browsers or parsers read in more than one way.</summary>
    private static readonly SearchValues<char> Usable = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?[]!$&'()*+,;=%");

    /// <returns>A sentence that says why it cannot be one, or null.</returns>
    public static string? Refusal(string? text)
    {
        if (text is not { Length: > 0 and <= MaxLength } || text.AsSpan().ContainsAnyExcept(Usable) || !Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            return "A redirect URI is an absolute address without a user name, a fragment, blanks or special characters.";
        }

        return (text.StartsWith("https://", StringComparison.Ordinal) && url.Host.Length > 0) || Loopback().IsMatch(text)
            ? null
            : "A redirect URI begins with https://, or with http:// and 127.0.0.1, [::1] or localhost.";
    }

    /// <summary>Exactly equal; on the person's own machine at any port, because the program takes a free one (RFC 8252 §7.3).</summary>
    public static bool Matches(string registered, string asked) =>
        registered == asked || (Refusal(asked) is null && Loopback().Match(registered) is { Success: true } one && Loopback().Match(asked) is { Success: true } other
            && one.Groups["host"].Value == other.Groups["host"].Value && one.Groups["rest"].Value == other.Groups["rest"].Value);

    public static bool IsLoopback(string text) => Loopback().IsMatch(text);

    /// <summary>The address with what the client is told.</summary>
    public static string With(string redirectUri, params IEnumerable<(string Name, string? Value)> answer)
    {
        var query = string.Join('&', answer.Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));
        return redirectUri + (redirectUri.Contains('?', StringComparison.Ordinal) ? "&" : "?") + query;
    }

    [GeneratedRegex("""^http://(?<host>127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?(?<rest>(?:[/?].*)?)\z""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Loopback();
}
