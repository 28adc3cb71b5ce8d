using System.Security.Cryptography;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.OAuth;

/// <summary>Looks access tokens up, from memory once they have been here, and takes back what a client has no more use for.</summary>
internal sealed class ClientTokens
{
    private const int MaxRemembered = 20_000;
    private static readonly Actor Client = new(null, "client");
    private readonly Memory<string, Remembered> _known;
    private readonly PortalDatabase _database;
    private readonly TokenIssuer _issuer;
    private readonly ClientGrants _grants;
    private readonly SingleUserMode _mode;
    private readonly TimeProvider _time;

    public ClientTokens(PortalDatabase database, TokenIssuer issuer, ClientGrants grants, Invalidations invalidations, SingleUserMode mode, TimeProvider time)
    {
        (_database, _issuer, _grants, _mode, _time) = (database, issuer, grants, mode, time);
        _known = new Memory<string, Remembered>(invalidations, LoadAsync, MaxRemembered);
        invalidations.Subscribe(OnInvalidation);
    }

    /// <summary>Whether a token of this id is in memory, good or not: then it costs no question to the database.</summary>
    public bool Remembers(string text) => AccessKeyText.TryParse(text, ClientTokenText.Access, out var id) && _known.Holds(id);

    /// <summary>Whom the token stands for, or null for a wrong, ended or expired one and for a person who is not active.</summary>
    public async ValueTask<TokenHolder?> VerifyAsync(string text, CancellationToken cancellationToken)
    {
        if (!AccessKeyText.TryParse(text, ClientTokenText.Access, out var id))
        {
            return null;
        }

        var remembered = await _known.GetAsync(id, cancellationToken);
        var matches = CryptographicOperations.FixedTimeEquals(remembered.Hash, _issuer.Hash(text));
        return matches && remembered.Holder is { } holder && holder.ExpiresAt > _time.GetUtcNow() && _mode.Admits(holder.User) ? holder : null;
    }

    /// <summary>RFC 7009: ends the grant of the token, whichever of its tokens that is. Unknown tokens are ended already.</summary>
    /// <returns>False: the token is another client's.</returns>
    public async Task<bool> RevokeAsync(string text, string clientId, CancellationToken cancellationToken)
    {
        if (!AccessKeyText.TryParse(text, ClientTokenText.Refresh, out var id) && !AccessKeyText.TryParse(text, ClientTokenText.Access, out id))
        {
            return true;
        }

        await using var scope = await _database.ForSystemAsync(cancellationToken);
        var found = await (
            from token in scope.Db.ClientTokens
            join grant in scope.Db.ClientGrants on token.GrantId equals grant.Id
            join client in scope.Db.RegisteredClients on grant.ClientId equals client.Id
            where token.Id == id
            select new { token.Hash, token.GrantId, grant.UserId, client.ClientId }).SingleOrDefaultAsync(cancellationToken);
        if (!CryptographicOperations.FixedTimeEquals(found?.Hash ?? new byte[32], _issuer.Hash(text)) || found is null)
        {
            return true;
        }

        if (found.ClientId != clientId)
        {
            return false;
        }

        await _grants.EndAsync(scope, found.GrantId, found.UserId, Client, "revoked by the client", cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<Remembered> LoadAsync(string id, CancellationToken cancellationToken)
    {
        await using var scope = await _database.ForSystemAsync(cancellationToken);
        var row = await (
            from token in scope.Db.ClientTokens.AsNoTracking()
            join grant in scope.Db.ClientGrants on token.GrantId equals grant.Id
            join user in scope.Db.Users on grant.UserId equals user.Id
            where token.Id == id && token.Kind == ClientTokenKind.Access && grant.RevokedAt == null && user.Status == UserStatus.Active
            select new { Token = token, Grant = grant, user.DisplayName }).SingleOrDefaultAsync(cancellationToken);
        return row is null
            ? new Remembered(new byte[32], null)
            : new Remembered(row.Token.Hash, new TokenHolder(
                row.Grant.Id, row.Grant.ClientName, row.Grant.UserId, row.DisplayName, !row.Token.Scopes.Contains(ClientScopes.Call), row.Grant.ResourceName(), row.Grant.ServerId, row.Grant.ToolsetId, row.Token.ExpiresAt));
    }

    private void OnInvalidation(Invalidation invalidation)
    {
        switch (invalidation.Kind)
        {
            case InvalidationKind.Everything:
                _known.ForgetAll();
                break;
            case InvalidationKind.ClientGrants or InvalidationKind.User:
                // Ids without a holder too: a person who was disabled may be active again.
                _known.ForgetWhere(remembered => remembered.Holder is null || remembered.Holder.User.Value == invalidation.Subject);
                break;
        }
    }

    private sealed record Remembered(byte[] Hash, TokenHolder? Holder)
    {
        public override string ToString() => $"token of {Holder?.User}";
    }
}
