using McpPortal.Connections.Providers;

namespace McpPortal.Connections;

/// <summary>When tokens end and when to renew them.</summary>
internal static class TokenTimes
{
    private static readonly TimeSpan Assumed = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestMargin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ShortestMargin = TimeSpan.FromMinutes(1);

    /// <summary>Null for a token that ends only by being revoked: no lifetime was said and nothing could renew it.</summary>
    public static DateTimeOffset? ExpiresAt(TokenSet tokens, bool canRefresh, DateTimeOffset now) =>
        tokens.ExpiresIn is { } lifetime ? now + lifetime : canRefresh ? now + Assumed : null;

    /// <summary>A tenth of the lifetime within bounds, but never more than half of it: a 10 s token must not be renewed by every call.</summary>
    public static TimeSpan Margin(DateTimeOffset issuedAt, DateTimeOffset expiresAt)
    {
        var lifetime = expiresAt - issuedAt;
        var margin = lifetime / 10;
        margin = margin > LongestMargin ? LongestMargin : margin < ShortestMargin ? ShortestMargin : margin;
        return margin > lifetime / 2 ? lifetime / 2 : margin;
    }
}
