using System.Buffers;
using System.Globalization;

namespace McpPortal.Outbound;

/// <summary>One entry of the allow-list, in the spelling in which <see cref="Of"/> writes a URL's host and port.</summary>
internal static class AllowedHost
{
    private static readonly SearchValues<char> NotInHosts = SearchValues.Create(" \t/\\@?#*%,");

    public static string Of(Uri url) => string.Create(CultureInfo.InvariantCulture, $"{HostOf(url)}:{url.Port}");

    /// <returns>The normalised entry, or null when it is not exactly one host and one port.</returns>
    public static string? Parse(string? entry)
    {
        if (string.IsNullOrWhiteSpace(entry) || entry.AsSpan().ContainsAny(NotInHosts))
        {
            return null;
        }

        var colon = entry.LastIndexOf(':');
        if (colon <= 0 || colon == entry.Length - 1 || entry.AsSpan(colon + 1).ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        return Uri.TryCreate($"https://{entry}/", UriKind.Absolute, out var url) && url.Port is >= 1 and <= 65535 ? Of(url) : null;
    }

    public static string HostOf(Uri url)
    {
        var host = url.IdnHost.ToLowerInvariant();
        return url.HostNameType == UriHostNameType.IPv6 ? $"[{host}]" : host;
    }
}
