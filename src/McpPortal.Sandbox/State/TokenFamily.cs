namespace McpPortal.Sandbox.State;

/// <summary>Every token that came from one consent; revoked as a whole.</summary>
internal sealed class TokenFamily
{
    public required string Id { get; init; }

    /// <summary><c>oidc</c>, <c>google</c> or <c>github</c>.</summary>
    public required string Provider { get; init; }

    public required string Account { get; init; }

    public required string ClientId { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    public string? SessionId { get; init; }

    public bool Revoked { get; set; }
}
