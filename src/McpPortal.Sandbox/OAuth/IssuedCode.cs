namespace McpPortal.Sandbox.OAuth;

/// <summary>What an authorization code stands for, for a minute and one use.</summary>
internal sealed record IssuedCode
{
    public required string Provider { get; init; }

    public required string ClientId { get; init; }

    public required string RedirectUri { get; init; }

    public required string CodeChallenge { get; init; }

    public required string Account { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    public required DateTimeOffset Expires { get; init; }

    public string? Nonce { get; init; }

    public string? SessionId { get; init; }

    public DateTimeOffset SignedInAt { get; init; }

    public bool WithRefreshToken { get; init; }
}
