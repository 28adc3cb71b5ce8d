using System.Diagnostics;
using McpPortal.Data;

namespace McpPortal.Connections.Providers;

/// <summary>An OAuth app opened for one request: carries the client secret in plain text, so keep it no longer than that.</summary>
[DebuggerDisplay("{Slug}")]
internal sealed class OAuthApp
{
    public required ProviderId Id { get; init; }

    public required string Slug { get; init; }

    public required ProviderKind Kind { get; init; }

    public required string ClientId { get; init; }

    /// <summary>Null for a public client.</summary>
    public string? ClientSecret { get; init; }

    public required Uri AuthorizationEndpoint { get; init; }

    public required Uri TokenEndpoint { get; init; }

    public Uri? RevocationEndpoint { get; init; }

    public Uri? UserInfoEndpoint { get; init; }

    public override string ToString() => Slug;
}
