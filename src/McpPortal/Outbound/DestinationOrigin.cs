using System.Globalization;

namespace McpPortal.Outbound;

/// <summary>The exact origin of a URL (scheme, host, port), in one spelling: what a credential is bound to.</summary>
internal static class DestinationOrigin
{
    /// <returns>For example <c>https://api.example:443</c>; the port is always written. A trailing dot makes another host.</returns>
    public static string Of(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (!url.IsAbsoluteUri || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp) || url.IdnHost.Length == 0)
        {
            throw new ArgumentException("Only absolute http and https addresses have an origin.", nameof(url));
        }

        return string.Create(CultureInfo.InvariantCulture, $"{url.Scheme}://{AllowedHost.HostOf(url)}:{url.Port}");
    }

    public static bool Same(Uri one, Uri other) => Of(one) == Of(other);
}
