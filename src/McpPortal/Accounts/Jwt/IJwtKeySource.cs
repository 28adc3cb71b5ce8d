namespace McpPortal.Accounts.Jwt;

/// <summary>Where the keys of one issuer come from: a key set at a URL, or one shared secret.</summary>
internal interface IJwtKeySource
{
    /// <summary>The keys that may have signed a token with this header; empty when there are none.</summary>
    ValueTask<IReadOnlyList<JwtKey>> FindAsync(string algorithm, string? keyId, CancellationToken cancellationToken);
}
