using System.Net;
using System.Text;

namespace McpPortal.Sandbox.OAuth;

internal static class BasicCredentials
{
    private const string Scheme = "Basic ";

    /// <summary>Both parts are form-encoded before they are joined (RFC 6749 §2.3.1); nulls when the header is absent or broken.</summary>
    public static (string? Id, string? Secret) Read(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return (null, null);
        }

        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[Scheme.Length..], bytes, out var length))
        {
            return (null, null);
        }

        var pair = Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2);
        return pair.Length == 2 ? (WebUtility.UrlDecode(pair[0]), WebUtility.UrlDecode(pair[1])) : (null, null);
    }
}
