using McpPortal.Data;

namespace McpPortal.Clients.OAuth;

/// <summary>What a grant is for.</summary>
internal static class GrantedResource
{
    /// <summary>See <see cref="McpResource.NameOf"/>; null for all servers.</summary>
    public static string? ResourceName(this ClientGrant grant) => grant.ToolsetName is { } toolset ? McpResource.OfToolset(toolset) : grant.ServerSlug;
}
