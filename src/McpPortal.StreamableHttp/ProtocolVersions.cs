using Microsoft.AspNetCore.Http;

namespace McpPortal.StreamableHttp;

/// <summary>The protocol revisions the SDK speaks; its own list is internal.</summary>
public static class ProtocolVersions
{
    /// <summary>The first revision without sessions.</summary>
    internal const string PerRequest = "2026-07-28";

    internal static readonly string[] All = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", PerRequest];

    /// <summary>Whether each request stands alone: 2026-07-28 or later. Revisions are dates, so ordinal order is their order.</summary>
    public static bool IsPerRequest(string? version) => version is not null && string.CompareOrdinal(version, PerRequest) >= 0;

    internal static bool IsPerRequest(HttpRequest request) => IsPerRequest(request.Headers[HeaderNames.ProtocolVersion].ToString());
}
