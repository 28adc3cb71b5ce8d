namespace McpPortal.Sandbox.OAuth;

internal static class BearerToken
{
    /// <summary>The token of the one <c>Authorization</c> header; GitHub also takes the scheme <c>token</c>.</summary>
    public static string? Read(HttpRequest request)
    {
        if (request.Headers.Authorization is not { Count: 1 } values || values[0] is not { } header)
        {
            return null;
        }

        var parts = header.Split(' ', 2, StringSplitOptions.TrimEntries);
        return parts.Length == 2 && parts[0].ToLowerInvariant() is "bearer" or "token" ? parts[1] : null;
    }
}
