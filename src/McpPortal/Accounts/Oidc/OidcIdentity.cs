namespace McpPortal.Accounts.Oidc;

/// <summary>Who signed in, from verified claims only. A person is (issuer, subject); everything else may change.</summary>
internal sealed record OidcIdentity
{
    public required string Issuer { get; init; }

    public required string Subject { get; init; }

    public string? Name { get; init; }

    public string? Email { get; init; }

    public bool EmailVerified { get; init; }

    /// <summary>Values of the role and groups claims together.</summary>
    public IReadOnlyList<string> RoleValues { get; init; } = [];

    /// <summary>The provider's session, which back-channel logout names.</summary>
    public string? SessionId { get; init; }

    public string? Tenant { get; init; }

    /// <summary>When the proof itself ends, and the sign-in with it.</summary>
    public DateTimeOffset? EndsAt { get; init; }
}
