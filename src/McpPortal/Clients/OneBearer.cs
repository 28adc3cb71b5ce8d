namespace McpPortal.Clients;

/// <summary>The credential of a request that carries exactly one, as bearer token (RFC 6750 §2.1).</summary>
internal static class OneBearer
{
    private const string Scheme = "Bearer ";

    /// <summary>Null for none, for two, and for one in another place: those are judged by <see cref="AccessKeyHandler"/>.</summary>
    public static string? In(HttpRequest request) =>
        request.Headers.Authorization is { Count: 1 } lines && !request.Headers.ContainsKey(AccessKeyHandler.ApiKeyHeader) && lines[0] is { } line
            && line.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && !line.Contains(',', StringComparison.Ordinal)
            ? line[Scheme.Length..].Trim()
            : null;
}
