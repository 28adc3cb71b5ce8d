using McpPortal.Sandbox.OAuth;

namespace McpPortal.Sandbox.GitHub;

internal static class GitHubTokens
{
    /// <summary>As a GitHub App with expiring user tokens: 8 hours, and six months for a refresh token that works once.</summary>
    public static readonly TokenRules Rules = new()
    {
        AccessPrefix = "ghu_sandbox_",
        RefreshPrefix = "ghr_sandbox_",
        AccessLifetime = TimeSpan.FromHours(8),
        RefreshLifetime = TimeSpan.FromDays(184),
        Rotate = true,
    };
}
