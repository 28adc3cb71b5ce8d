namespace McpPortal.Sandbox.Faults;

/// <summary>How one endpoint misbehaves, as tests post it to <c>/sandbox/faults</c>; a field left out behaves well.</summary>
public sealed record Fault
{
    /// <summary>Name of the endpoint as <c>GET /sandbox/faults</c> lists it, such as <c>google/token</c>.</summary>
    public required string Endpoint { get; init; }

    /// <summary>How many requests <see cref="DelayMs"/>, <see cref="DropAfterCommit"/>, <see cref="Status"/> and <see cref="Error"/> hit; null = until cleared.</summary>
    public int? Times { get; init; }

    public int DelayMs { get; init; }

    /// <summary>Does the work, then closes the connection without an answer.</summary>
    public bool DropAfterCommit { get; init; }

    /// <summary>Answers this status without doing the work.</summary>
    public int? Status { get; init; }

    /// <summary>Body of that answer.</summary>
    public string? Body { get; init; }

    public int? RetryAfterSeconds { get; init; }

    /// <summary>OAuth error code answered by a token endpoint in its provider's own style (GitHub: with status 200).</summary>
    public string? Error { get; init; }

    /// <summary>Value of <c>iss</c> in the authorization response or the ID token instead of the true one; empty leaves it out.</summary>
    public string? Issuer { get; init; }

    public string? Audience { get; init; }

    public string? Nonce { get; init; }

    public bool BadSignature { get; init; }

    /// <summary>Hands out a new refresh token at each refresh and retires the old one.</summary>
    public bool? Rotate { get; init; }

    /// <summary>Revokes the whole family when a retired refresh token is presented.</summary>
    public bool? DetectReuse { get; init; }

    /// <summary>For how long after its retirement a refresh token is still exchanged.</summary>
    public int? GraceSeconds { get; init; }

    /// <summary>Lifetime of access tokens.</summary>
    public int? TokenSeconds { get; init; }
}
