using System.Buffers;

namespace McpPortal.Servers;

/// <summary>Which request headers a server may ask a credential in.</summary>
internal static class HeaderRules
{
    private const int MaxLength = 64;

    // RFC 9110 §5.6.2: token.
    private static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // Framing, routing, identity of the caller, and what the portal or MCP itself writes.
    private static readonly HashSet<string> Taken = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Host", "Connection", "Keep-Alive", "TE", "Trailer", "Trailers", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Expect",
        "Cookie", "Cookie2", "Set-Cookie", "Origin", "Referer", "Forwarded", "Via", "Max-Forwards", "Date", "Range", "If-Range", "Upgrade-Insecure-Requests",
        "Accept", "Accept-Encoding", "Accept-Language", "Accept-Charset", "User-Agent", "Cache-Control", "Pragma", "Last-Event-ID", "DNT", "Alt-Used",
        "X-Real-IP", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "traceparent", "tracestate", "baggage",
    };

    private static readonly string[] TakenPrefixes = ["Content-", "Proxy-", "Sec-", "Mcp-", "X-Forwarded-", "Access-Control-", "If-"];

    /// <returns>A sentence that says what to write, or null.</returns>
    public static string? Refusal(string? name)
    {
        if (name is not { Length: > 0 and <= MaxLength } || name.AsSpan().ContainsAnyExcept(Token))
        {
            return "Write the name of a header, for example X-Api-Key.";
        }

        return Taken.Contains(name) || Array.Exists(TakenPrefixes, prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            ? $"The header {name} has a meaning of its own and cannot carry a secret. Use the bearer token, or another header."
            : null;
    }
}
