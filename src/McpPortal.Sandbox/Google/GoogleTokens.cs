using McpPortal.Sandbox.OAuth;

namespace McpPortal.Sandbox.Google;

internal static class GoogleTokens
{
    /// <summary>As Google: an hour, and a refresh token that stays the same.</summary>
    public static readonly TokenRules Rules = new()
    {
        AccessPrefix = "ya29.sandbox-",
        RefreshPrefix = "1//sandbox-",
        AccessLifetime = TimeSpan.FromSeconds(3599),
    };
}
