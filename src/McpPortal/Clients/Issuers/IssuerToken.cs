namespace McpPortal.Clients.Issuers;

/// <summary>What a verified token says: whom the issuer means, and what its bearer may do.</summary>
/// <param name="Issuer">As configured, which is as the token writes it.</param>
/// <param name="Subject">The issuer's own name for the person.</param>
/// <param name="MayRead">Tools that declare themselves read-only.</param>
/// <param name="MayCall">All tools.</param>
/// <param name="ExpiresAt">When it ends.</param>
internal sealed record IssuerToken(string Issuer, string Subject, bool MayRead, bool MayCall, DateTimeOffset ExpiresAt);
