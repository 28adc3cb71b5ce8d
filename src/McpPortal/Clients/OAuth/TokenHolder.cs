using McpPortal.Data;

namespace McpPortal.Clients.OAuth;

/// <summary>What a valid access token of an MCP client stands for.</summary>
/// <param name="Grant">The consent it came of.</param>
/// <param name="Client">The client's name.</param>
/// <param name="User">Who consented.</param>
/// <param name="UserName">Their display name.</param>
/// <param name="ReadOnly">Only tools that declare themselves read-only.</param>
/// <param name="Resource">The only endpoint that takes it (<see cref="McpResource.NameOf"/>); null for all.</param>
/// <param name="Server">The server behind that endpoint.</param>
/// <param name="Toolset">Or the toolset.</param>
/// <param name="ExpiresAt">When it ends.</param>
internal sealed record TokenHolder(ClientGrantId Grant, string Client, UserId User, string UserName, bool ReadOnly, string? Resource, ServerId? Server, ToolsetId? Toolset, DateTimeOffset ExpiresAt)
{
    /// <summary>Of a request that <see cref="ClientTokenHandler"/> let in; null when it came with something else.</summary>
    public static TokenHolder? Of(HttpContext context) => context.Features.Get<TokenHolder>();

    /// <summary>A token of one server or toolset is good at its endpoint only; one of all servers is good at each.</summary>
    public bool IsFor(string? resource) => Resource is null || Resource == resource;
}
