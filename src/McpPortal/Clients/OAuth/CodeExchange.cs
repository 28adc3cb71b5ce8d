using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using McpPortal.Accounts;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.OAuth;

/// <summary>Exchanges an authorization code for tokens, once. One that comes again ends what came of it (RFC 6749 §4.1.2).</summary>
internal sealed class CodeExchange(PortalDatabase database, TokenIssuer issuer, ClientGrants grants, SingleUserMode mode, TimeProvider time)
{
    private static readonly SearchValues<char> Unreserved = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    public async Task<ClientTokenResult> ExchangeAsync(CodeToExchange request, CancellationToken cancellationToken)
    {
        if (!AccessKeyText.TryParse(request.Code, ClientTokenText.Code, out var id))
        {
            return ClientTokenResult.InvalidGrant;
        }

        await using var scope = await database.ForSystemAsync(cancellationToken);
        var found = await (
            from c in scope.Db.ClientCodes
            join g in scope.Db.ClientGrants on c.GrantId equals g.Id
            join client in scope.Db.RegisteredClients on g.ClientId equals client.Id
            join user in scope.Db.Users on g.UserId equals user.Id
            where c.Id == id
            select new { Code = c, Grant = g, Client = client, user.Status }).SingleOrDefaultAsync(cancellationToken);

        // Compared for unknown ids too, so that both take the same time.
        if (!CryptographicOperations.FixedTimeEquals(found?.Code.Hash ?? new byte[32], issuer.Hash(request.Code)) || found is null)
        {
            return ClientTokenResult.Unknown;
        }

        var (code, grant) = (found.Code, found.Grant);
        if (code.UsedAt is not null)
        {
            return await ReplayedAsync(scope, grant, cancellationToken);
        }

        if (found.Client.ClientId != request.ClientId || (request.RedirectUri ?? code.RedirectUri) != code.RedirectUri || !Proves(request.Verifier, code.Challenge)
            || code.ExpiresAt <= time.GetUtcNow() || grant.RevokedAt is not null || found.Status != UserStatus.Active || !mode.Admits(grant.UserId))
        {
            return ClientTokenResult.InvalidGrant;
        }

        if (request.IsForOther(grant))
        {
            return ClientTokenResult.InvalidTarget;
        }

        // Of two at once one gets here first; the other one is a replay.
        var now = time.GetUtcNow();
        if (await scope.Db.ClientCodes.Where(c => c.Id == id && c.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(c => c.UsedAt, now), cancellationToken) == 0)
        {
            return await ReplayedAsync(scope, grant, cancellationToken);
        }

        grant.BeganAt = now;
        found.Client.UsedAt ??= now;
        var tokens = issuer.Issue(scope, grant, RandomNumberGenerator.GetBytes(ClientTokenText.SeedLength), grant.Scopes);
        await scope.CommitAsync(cancellationToken);
        return new ClientTokenResult.Issued(tokens);
    }

    private async Task<ClientTokenResult> ReplayedAsync(SystemScope scope, ClientGrant grant, CancellationToken cancellationToken)
    {
        await grants.EndReusedAsync(scope, grant.Id, grant.UserId, "authorization code", cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return ClientTokenResult.InvalidGrant;
    }

    /// <summary>RFC 7636 §4.6, for S256 only.</summary>
    private static bool Proves(string? verifier, string challenge) =>
        verifier is { Length: >= 43 and <= 128 } && !verifier.AsSpan().ContainsAnyExcept(Unreserved)
        && CryptographicOperations.FixedTimeEquals(Base64Url.EncodeToUtf8(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))), Encoding.ASCII.GetBytes(challenge));
}
