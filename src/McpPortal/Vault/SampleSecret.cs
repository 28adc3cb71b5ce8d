namespace McpPortal.Vault;

/// <summary>Secrets that stand in samples and in the sandbox, which everybody knows.</summary>
internal static class SampleSecret
{
    /// <summary>Whether this one may not be used: a sample is good only while developing, for a stand-in on this machine.</summary>
    public static bool IsRefused(string? secret, string? address, bool development) =>
        IsSample(secret) && !(development && Uri.TryCreate(address, UriKind.Absolute, out var url) && url.IsLoopback);

    private static bool IsSample(string? secret) => secret is not null
        && (secret.Contains("sandbox", StringComparison.OrdinalIgnoreCase) || secret.Contains("not-a-secret", StringComparison.OrdinalIgnoreCase)
            || secret.Trim().ToLowerInvariant() is "secret" or "client-secret" or "your-client-secret" or "changeme" or "change-me" or "password" or "test" or "example");
}
