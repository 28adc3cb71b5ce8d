using System.Text;
using McpPortal.Data;
using McpPortal.Vault;

namespace McpPortal.Clients.OAuth;

/// <summary>Makes pairs of tokens. From the same seed comes the same pair.</summary>
internal sealed class TokenIssuer(Fingerprints fingerprints, ClientsOptions options, TimeProvider time)
{
    /// <summary>Adds a pair to the grant in the caller's transaction, and prolongs the grant.</summary>
    public IssuedTokens Issue(SystemScope scope, ClientGrant grant, ReadOnlySpan<byte> seed, IReadOnlyList<string> scopes)
    {
        var now = time.GetUtcNow();
        grant.ExpiresAt = now + options.RefreshTokenLifetime;
        var access = Add(ClientTokenKind.Access, ClientTokenText.From(seed, ClientTokenText.Access), now + options.AccessTokenLifetime, scopes);
        var refresh = Add(ClientTokenKind.Refresh, ClientTokenText.From(seed, ClientTokenText.Refresh), grant.ExpiresAt, grant.Scopes);
        return new IssuedTokens(access, refresh, options.AccessTokenLifetime, scopes);

        string Add(ClientTokenKind kind, (string Id, string Text) token, DateTimeOffset expiresAt, IReadOnlyList<string> allowed)
        {
            scope.Db.ClientTokens.Add(new ClientToken { Id = token.Id, Hash = Hash(token.Text), GrantId = grant.Id, Kind = kind, Scopes = allowed, ExpiresAt = expiresAt });
            return token.Text;
        }
    }

    /// <summary>What the pair that follows a refresh token is made from. Who does not have that token cannot make it, nor who has no key of the vault.</summary>
    public byte[] SeedAfter(string refreshToken) => fingerprints.OfClientToken(Encoding.ASCII.GetBytes($"next {refreshToken}"));

    public byte[] Hash(string text) => fingerprints.OfClientToken(Encoding.ASCII.GetBytes(text));
}
