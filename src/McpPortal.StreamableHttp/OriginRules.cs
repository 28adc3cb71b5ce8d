using System.Net;
using Microsoft.AspNetCore.Http;

namespace McpPortal.StreamableHttp;

/// <summary>Ready-made Host and Origin checks against DNS rebinding.</summary>
public static class OriginRules
{
    /// <summary>
    /// An Origin, where there is one, must be the request's own; and a loopback connection must name a loopback host,
    /// as a page of another site that rebinds its name to 127.0.0.1 cannot.
    /// </summary>
    public static bool SameOrigin(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return HostOf(context) is { } host
            && (!IsLoopback(context.Connection.LocalIpAddress) || host.IsLoopback)
            && OriginIs(context, origin => SameSite(origin, host));
    }

    /// <summary>Only these hosts (<c>name</c> or <c>name:port</c>) and, besides the request's own, these origins (<c>https://name</c>).</summary>
    public static Func<HttpContext, bool> Only(IReadOnlyCollection<string> hosts, IReadOnlyCollection<string> origins)
    {
        var allowed = origins.Select(o => new Uri(o)).ToArray();
        return context => HostOf(context) is { } host
            && (hosts.Contains(host.Host, StringComparer.OrdinalIgnoreCase) || hosts.Contains(host.Authority, StringComparer.OrdinalIgnoreCase))
            && OriginIs(context, origin => SameSite(origin, host) || Array.Exists(allowed, a => SameSite(origin, a)));
    }

    private static bool OriginIs(HttpContext context, Func<Uri, bool> accept)
    {
        var values = context.Request.Headers.Origin;
        return values.Count switch
        {
            0 => true,
            1 => Uri.TryCreate(values[0], UriKind.Absolute, out var origin) && accept(origin),
            _ => false,
        };
    }

    private static Uri? HostOf(HttpContext context) =>
        Uri.TryCreate($"{context.Request.Scheme}://{context.Request.Host.Value}", UriKind.Absolute, out var uri)
        && uri.UserInfo.Length == 0 && uri.PathAndQuery == "/" ? uri : null;

    private static bool SameSite(Uri left, Uri right) =>
        left.Scheme == right.Scheme && left.Port == right.Port && string.Equals(left.Host, right.Host, StringComparison.OrdinalIgnoreCase);

    private static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address);
}
