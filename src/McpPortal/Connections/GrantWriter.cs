using McpPortal.Audit;
using McpPortal.Connections.Providers;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Stores the tokens of a finished connect: one row per account, whoever comes last wins, and what it replaces is revoked.</summary>
internal sealed class GrantWriter(
    PortalDatabase database, SecretVault vault, Revocations revocations, AuditLog audit, Invalidations invalidations, TimeProvider time)
{
    private const int Attempts = 8;

    /// <param name="grant">What was granted.</param>
    /// <param name="link">Whether the servers agreed to may use it from now on.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<ConnectionId> SaveAsync(Grant grant, bool link, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var existing = await FindAsync(grant, cancellationToken);
                var saved = existing is null ? await AddAsync(grant, link, cancellationToken) : await RenewAsync(existing, grant, link, cancellationToken);
                if (saved is { } id)
                {
                    return id;
                }
            }
            catch (DbUpdateException) when (attempt < Attempts)
            {
                // The same account, or the same link, was stored in the same moment (another tab).
            }

            if (attempt == Attempts)
            {
                throw new InvalidOperationException("The connection was changed by others all the time.");
            }
        }
    }

    private async Task<Connection?> FindAsync(Grant grant, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(grant.User, cancellationToken);
        return await scope.Db.Connections.AsNoTracking().SingleOrDefaultAsync(
            c => c.OwnerKind == OwnerKind.User && c.OwnerId == grant.User.Value && c.ProviderId == grant.Provider.Id && c.AccountId == grant.Account.Id,
            cancellationToken);
    }

    private async Task<ConnectionId?> AddAsync(Grant grant, bool link, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var row = new Connection
        {
            OwnerKind = OwnerKind.User,
            OwnerId = grant.User.Value,
            ProviderId = grant.Provider.Id,
            AccountId = grant.Account.Id,
            Account = grant.Account.Name,
            Label = grant.Label,
            ClientId = grant.Provider.ClientId,
            Scopes = grant.Tokens.Scopes ?? grant.AskedScopes,
            ExpiresAt = TokenTimes.ExpiresAt(grant.Tokens, grant.Tokens.RefreshToken is not null, now),
            RefreshExpiresAt = now + grant.Tokens.RefreshExpiresIn,
            CreatedAt = now,
            ConnectedAt = now,
        };
        row.AccessToken = await vault.ProtectAsync(Bindings.AccessToken(row), grant.Tokens.AccessToken, cancellationToken);
        row.RefreshToken = grant.Tokens.RefreshToken is { } refresh ? await vault.ProtectAsync(Bindings.RefreshToken(row), refresh, cancellationToken) : null;
        await using var scope = await database.ForUserAsync(grant.User, cancellationToken);
        scope.Db.Connections.Add(row);
        await scope.Db.SaveChangesAsync(cancellationToken);
        await ConcludeAsync(scope, AuditAction.ConnectionMade, row, grant, link, cancellationToken);
        return row.Id;
    }

    /// <returns>Null when the row moved meanwhile.</returns>
    private async Task<ConnectionId?> RenewAsync(Connection row, Grant grant, bool link, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var old = await OpenAsync(row, cancellationToken);
        var seen = row.Generation;
        row.Generation++;

        // A grant renewed without a new refresh token goes on with the old one, if that is still good.
        var kept = grant.Tokens.RefreshToken is null && row.Status == ConnectionStatus.Connected && row.ClientId == grant.Provider.ClientId ? old?.RefreshToken : null;
        var refreshToken = grant.Tokens.RefreshToken ?? kept;
        var access = await vault.ProtectAsync(Bindings.AccessToken(row), grant.Tokens.AccessToken, cancellationToken);
        var refresh = refreshToken is null ? null : await vault.ProtectAsync(Bindings.RefreshToken(row), refreshToken, cancellationToken);
        var replaced = old is null || refreshToken == old.RefreshToken
            ? null
            : await revocations.PrepareAsync(row, old, RevocationReach.Tokens, generation: null, cancellationToken);
        var scopes = grant.Tokens.Scopes ?? grant.AskedScopes;
        var (expiresAt, refreshExpiresAt) = (TokenTimes.ExpiresAt(grant.Tokens, refreshToken is not null, now), now + grant.Tokens.RefreshExpiresIn);
        var label = grant.Label ?? row.Label;

        await using var scope = await database.ForUserAsync(grant.User, cancellationToken);
        var changed = await scope.Db.Connections
            .Where(c => c.Id == row.Id && c.OwnerKind == OwnerKind.User && c.OwnerId == grant.User.Value && c.Generation == seen)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(c => c.Generation, seen + 1)
                    .SetProperty(c => c.ConsentVersion, c => c.ConsentVersion + 1)
                    .SetProperty(c => c.Status, ConnectionStatus.Connected)
                    .SetProperty(c => c.AccessToken, access)
                    .SetProperty(c => c.RefreshToken, refresh)
                    .SetProperty(c => c.ExpiresAt, expiresAt)
                    .SetProperty(c => c.RefreshExpiresAt, refreshExpiresAt)
                    .SetProperty(c => c.Scopes, scopes)
                    .SetProperty(c => c.Account, grant.Account.Name)
                    .SetProperty(c => c.Label, label)
                    .SetProperty(c => c.ClientId, grant.Provider.ClientId)
                    .SetProperty(c => c.ConnectedAt, now)
                    .SetProperty(c => c.LastRefreshAt, (DateTimeOffset?)null)
                    .SetProperty(c => c.LeaseOwner, (Guid?)null)
                    .SetProperty(c => c.LeaseUntil, (DateTimeOffset?)null)
                    .SetProperty(c => c.LeaseFence, c => c.LeaseFence + 1)
                    .SetProperty(c => c.AttemptStartedAt, (DateTimeOffset?)null)
                    .SetProperty(c => c.Failures, 0)
                    .SetProperty(c => c.NextAttemptAt, (DateTimeOffset?)null)
                    .SetProperty(c => c.LastError, (string?)null)
                    .SetProperty(c => c.LastErrorAt, (DateTimeOffset?)null),
                cancellationToken);
        if (changed == 0)
        {
            return null;
        }

        if (replaced is not null)
        {
            scope.Db.Outbox.Add(replaced);
        }

        await ConcludeAsync(scope, AuditAction.ConnectionRenewed, row, grant, link, cancellationToken);
        return row.Id;
    }

    private async Task ConcludeAsync(UserScope scope, AuditAction action, Connection row, Grant grant, bool link, CancellationToken cancellationToken)
    {
        var actor = Actor.Page(grant.User);
        audit.Record(
            scope, action, actor, "connection", row.Id.ToString(), details: [("provider", grant.Provider.Slug), ("account", grant.Account.Name), ("scopes", string.Join(' ', grant.Tokens.Scopes ?? grant.AskedScopes))]);
        foreach (var agreed in link ? grant.Agreed : [])
        {
            await LinkAsync(scope, row.Id, agreed, actor, cancellationToken);
        }

        invalidations.Publish(scope, InvalidationKind.Connection, row.Id.Value);
        invalidations.Publish(scope, InvalidationKind.Credentials, grant.User.Value);
        await scope.CommitAsync(cancellationToken);
    }

    private async Task LinkAsync(UserScope scope, ConnectionId connection, AgreedDestination agreed, Actor actor, CancellationToken cancellationToken)
    {
        if (!await scope.Db.Servers.AnyAsync(s => s.Id == agreed.Server && s.RemovedAt == null, cancellationToken))
        {
            return; // removed while the person was at the provider
        }

        var now = time.GetUtcNow();
        var existing = await scope.Db.ServerCredentials.SingleOrDefaultAsync(c => c.UserId == scope.User && c.ServerId == agreed.Server && c.Need == agreed.Need, cancellationToken);
        if (existing is null)
        {
            scope.Db.ServerCredentials.Add(new ServerCredential
            {
                UserId = scope.User,
                ServerId = agreed.Server,
                Need = agreed.Need,
                ConnectionId = connection,
                Destination = agreed.Destination,
                AgreedAt = now,
            });
        }
        else
        {
            (existing.ConnectionId, existing.Destination, existing.AgreedAt) = (connection, agreed.Destination, now);
        }

        audit.Record(scope, AuditAction.CredentialLinked, actor, "server", agreed.Server.ToString(), details: [("connection", connection.ToString()), ("destination", agreed.Destination)]);
    }

    private async Task<TokenSet?> OpenAsync(Connection row, CancellationToken cancellationToken)
    {
        if (row.AccessToken is not { } access)
        {
            return null;
        }

        try
        {
            using var accessToken = await vault.UnprotectAsync(Bindings.AccessToken(row), access, cancellationToken);
            using var refreshToken = row.RefreshToken is { } refresh ? await vault.UnprotectAsync(Bindings.RefreshToken(row), refresh, cancellationToken) : null;
            return new TokenSet { AccessToken = accessToken.Reveal(), RefreshToken = refreshToken?.Reveal() };
        }
        catch (UndecryptableException)
        {
            return null; // what cannot be read cannot be revoked, and must not stand in the way of the new tokens
        }
    }
}
