using System.Security.Cryptography;
using McpPortal.Accounts;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.OAuth;

/// <summary>
/// Exchanges a refresh token for its successor. A client whose answer was lost asks again and gets the same pair for a minute; later use of
/// the old token means that somebody has a copy, and ends the grant (RFC 9700 §4.14.2).
/// </summary>
internal sealed class TokenRefresh(PortalDatabase database, TokenIssuer issuer, ClientGrants grants, SingleUserMode mode, TimeProvider time)
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);

    /// <param name="text">The refresh token.</param>
    /// <param name="clientId">Who asks.</param>
    /// <param name="scope">Fewer scopes for the access token; null for all of the grant.</param>
    /// <param name="target">What the tokens shall be for; null when left out.</param>
    /// <param name="cancellationToken">Gives up; whoever asks again gets what came of it.</param>
    public async Task<ClientTokenResult> RefreshAsync(string text, string clientId, string? scope, AskedTarget? target, CancellationToken cancellationToken)
    {
        if (!AccessKeyText.TryParse(text, ClientTokenText.Refresh, out var id))
        {
            return ClientTokenResult.InvalidGrant;
        }

        await using var work = await database.ForSystemAsync(cancellationToken);
        var db = work.Db;
        var found = await (
            from t in db.ClientTokens
            join g in db.ClientGrants on t.GrantId equals g.Id
            join client in db.RegisteredClients on g.ClientId equals client.Id
            join user in db.Users on g.UserId equals user.Id
            where t.Id == id && t.Kind == ClientTokenKind.Refresh
            select new { Token = t, Grant = g, client.ClientId, user.Status }).SingleOrDefaultAsync(cancellationToken);
        if (!CryptographicOperations.FixedTimeEquals(found?.Token.Hash ?? new byte[32], issuer.Hash(text)) || found is null)
        {
            return ClientTokenResult.Unknown;
        }

        var (token, grant) = (found.Token, found.Grant);
        var now = time.GetUtcNow();
        if (found.ClientId != clientId || token.ExpiresAt <= now || grant.RevokedAt is not null || found.Status != UserStatus.Active || !mode.Admits(grant.UserId))
        {
            return ClientTokenResult.InvalidGrant;
        }

        if (target is not null && target.Resource != grant.ResourceName())
        {
            return ClientTokenResult.InvalidTarget;
        }

        var scopes = scope is null ? grant.Scopes : ClientScopes.Parse(scope);
        if (scopes is null || scopes.Except(grant.Scopes, StringComparer.Ordinal).Any())
        {
            return new ClientTokenResult.Refused("invalid_scope", "The grant does not hold these scopes.");
        }

        var seed = issuer.SeedAfter(text);

        // Of many at once one goes first; the others wait for it here and find what it made.
        if (await db.ClientTokens.Where(t => t.Id == id && t.RotatedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.RotatedAt, now), cancellationToken) == 1)
        {
            var tokens = issuer.Issue(work, grant, seed, scopes);
            await work.CommitAsync(cancellationToken);
            return new ClientTokenResult.Issued(tokens);
        }

        var rotated = await db.ClientTokens.Where(t => t.Id == id).Select(t => t.RotatedAt).SingleOrDefaultAsync(cancellationToken);
        if (rotated + Grace >= now)
        {
            return await AgainAsync(db, seed, now, cancellationToken);
        }

        await grants.EndReusedAsync(work, grant.Id, grant.UserId, "refresh token", cancellationToken);
        await work.CommitAsync(cancellationToken);
        return ClientTokenResult.InvalidGrant;
    }

    /// <summary>The pair that this seed has brought already.</summary>
    private static async Task<ClientTokenResult> AgainAsync(PortalDb db, byte[] seed, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (access, refresh) = (ClientTokenText.From(seed, ClientTokenText.Access), ClientTokenText.From(seed, ClientTokenText.Refresh));
        return await db.ClientTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Id == access.Id, cancellationToken) is { } made && made.ExpiresAt > now
            ? new ClientTokenResult.Issued(new IssuedTokens(access.Text, refresh.Text, made.ExpiresAt - now, made.Scopes))
            : ClientTokenResult.InvalidGrant;
    }
}
