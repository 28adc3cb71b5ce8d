using System.Buffers;
using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace McpPortal.Clients.OAuth;

/// <summary>Addresses that clients have their answers sent to: read, compared as texts, and named to people. <see cref="RedirectRules"/> says which may be used.</summary>
internal static partial class RedirectUris
{
    public const int MaxLength = 1000;
    public const int Max = 10;

    /// <summary>Visible ASCII without what browsers or parsers read in more than one way.</summary>
    private static readonly SearchValues<char> Usable = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?[]!$&'()*+,;=%");

    /// <summary>What a browser runs, reads or fetches by itself instead of handing it to an app.</summary>
    private static readonly FrozenSet<string> NoApps = FrozenSet.Create(
        StringComparer.Ordinal, "http", "https", "ws", "wss", "ftp", "file", "javascript", "vbscript", "data", "blob", "filesystem", "about", "view-source");

    /// <summary>Exactly equal; on the person's own machine at any port, because the program takes a free one (RFC 8252 §7.3).</summary>
    public static bool Matches(string registered, string asked) =>
        registered == asked || (Parse(asked) is not null && Loopback().Match(registered) is { Success: true } one && Loopback().Match(asked) is { Success: true } other
            && one.Groups["host"].Value == other.Groups["host"].Value && one.Groups["rest"].Value == other.Groups["rest"].Value);

    public static bool IsLoopback(string text) => Loopback().IsMatch(text);

    /// <summary>The address of an app on the person's own machine.</summary>
    public static bool IsApp(string? text) => Parse(text) is not null && App().Match(text!) is { Success: true } app && !NoApps.Contains(app.Groups["scheme"].Value);

    /// <summary>Whom a redirect URI leads to, for people to read: the host, or what the app is known by.</summary>
    public static string PlaceOf(string redirectUri)
    {
        var url = new Uri(redirectUri);
        return !IsApp(redirectUri) ? url.Host : url.Host.Length > 0 ? $"{url.Scheme}://{url.Host}" : $"{url.Scheme}:";
    }

    /// <summary>The address with what the client is told.</summary>
    public static string With(string redirectUri, params IEnumerable<(string Name, string? Value)> answer)
    {
        var query = string.Join('&', answer.Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));
        return redirectUri + (redirectUri.Contains('?', StringComparison.Ordinal) ? "&" : "?") + query;
    }

    /// <returns>Null when it is none that everybody reads in the same way.</returns>
    public static Uri? Parse(string? text) =>
        text is { Length: > 0 and <= MaxLength } && !text.AsSpan().ContainsAnyExcept(Usable) && Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : null;

    [GeneratedRegex("^(?<scheme>[a-z][a-z0-9+.-]*):/", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex App();

    [GeneratedRegex("""^http://(?<host>127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?(?<rest>(?:[/?].*)?)\z""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Loopback();
}
