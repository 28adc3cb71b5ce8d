using McpPortal.Audit;
using McpPortal.Connections.Providers;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>What people see of their connections and do with them: label, link, confirm, disconnect.</summary>
internal sealed class MyConnections(
    PortalDatabase database,
    ProviderDirectory providers,
    ServerCatalog catalog,
    SecretVault vault,
    Revocations revocations,
    AuditLog audit,
    Invalidations invalidations,
    TimeProvider time)
{
    private const int MaxLabelLength = 100;

    /// <summary>All that are not ended, and those whose end the provider has not confirmed.</summary>
    public async Task<IReadOnlyList<ConnectionSummary>> ListAsync(UserId user, CancellationToken cancellationToken)
    {
        List<Connection> rows;
        ILookup<ConnectionId, ServerId> links;
        await using (var scope = await database.ForUserAsync(user, cancellationToken))
        {
            rows = await Own(scope).AsNoTracking().Where(c => c.Status != ConnectionStatus.Revoked).OrderBy(c => c.CreatedAt).ToListAsync(cancellationToken);
            links = (await scope.Db.ServerCredentials.AsNoTracking().Where(l => l.UserId == user).ToListAsync(cancellationToken)).ToLookup(l => l.ConnectionId, l => l.ServerId);
        }

        var servers = (await catalog.ListAsync(user, cancellationToken)).ToDictionary(s => s.Id);
        List<ConnectionSummary> all = [];
        foreach (var row in rows)
        {
            if (await providers.FindAsync(row.ProviderId, cancellationToken) is { } provider)
            {
                all.Add(Summary(row, provider, [.. links[row.Id].Distinct().Where(servers.ContainsKey).Select(id => servers[id].Name).Order(StringComparer.OrdinalIgnoreCase)]));
            }
        }

        return all;
    }

    /// <summary>One that can still be used or renewed; null also when it is somebody else's.</summary>
    public async Task<ConnectionSummary?> FindAsync(UserId user, ConnectionId id, CancellationToken cancellationToken) =>
        (await ListAsync(user, cancellationToken)).FirstOrDefault(c => c.Id == id && c.Status is ConnectionStatus.Connected or ConnectionStatus.ReauthRequired);

    public async Task<bool> LabelAsync(UserId user, ConnectionId id, string? label, CancellationToken cancellationToken)
    {
        var text = label?.Trim() is { Length: > 0 } trimmed ? trimmed[..Math.Min(trimmed.Length, MaxLabelLength)] : null;
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        if (await Own(scope).Where(c => c.Id == id).ExecuteUpdateAsync(set => set.SetProperty(c => c.Label, text), cancellationToken) == 0)
        {
            return false;
        }

        audit.Record(scope, AuditAction.ConnectionLabelled, Actor.Page(user), "connection", id.ToString(), details: [("label", text)]);
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Lets a server use a connection that exists, at the destination that was shown. False: not found, or the server moved meanwhile.</summary>
    public async Task<bool> LinkAsync(UserId user, ServerSnapshot server, CredentialNeed need, ConnectionId id, string shownDestination, CancellationToken cancellationToken)
    {
        var provider = need.Provider is null ? null : await providers.FindAsync(need.Provider, cancellationToken);
        if (provider is null || shownDestination != server.Destination)
        {
            return false;
        }

        await using var scope = await database.ForUserAsync(user, cancellationToken);
        if (!await Own(scope).AnyAsync(c => c.Id == id && c.ProviderId == provider.Id && (c.Status == ConnectionStatus.Connected || c.Status == ConnectionStatus.ReauthRequired), cancellationToken))
        {
            return false;
        }

        await scope.Db.ServerCredentials.Where(l => l.UserId == user && l.ServerId == server.Id && l.Need == need.Name).ExecuteDeleteAsync(cancellationToken);
        scope.Db.ServerCredentials.Add(new ServerCredential { UserId = user, ServerId = server.Id, Need = need.Name, ConnectionId = id, Destination = shownDestination, AgreedAt = time.GetUtcNow() });
        audit.Record(scope, AuditAction.CredentialLinked, Actor.Page(user), "server", server.Id.ToString(), details: [("connection", id.ToString()), ("destination", shownDestination)]);
        await CommitConsentAsync(scope, [id], cancellationToken);
        return true;
    }

    /// <summary>Links of this server that wait for a new agreement.</summary>
    public async Task<IReadOnlyList<LinkSummary>> MovedAsync(UserId user, ServerSnapshot server, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var links = await scope.Db.ServerCredentials.AsNoTracking().Where(l => l.UserId == user && l.ServerId == server.Id && l.Destination != server.Destination).ToListAsync(cancellationToken);
        List<LinkSummary> moved = [];
        foreach (var link in links)
        {
            if (await Own(scope).AsNoTracking().SingleOrDefaultAsync(c => c.Id == link.ConnectionId, cancellationToken) is { } row
                && await providers.FindAsync(row.ProviderId, cancellationToken) is { } provider)
            {
                moved.Add(new LinkSummary(link.Need, provider.Name, row.Account, link.Destination, server.Destination));
            }
        }

        return moved;
    }

    /// <summary>Agrees to the destination that the page showed. False: the server moved again since.</summary>
    public async Task<bool> ConfirmDestinationAsync(UserId user, ServerSnapshot server, string shownDestination, CancellationToken cancellationToken)
    {
        if (shownDestination != server.Destination)
        {
            return false;
        }

        var now = time.GetUtcNow();
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var links = await scope.Db.ServerCredentials.Where(l => l.UserId == user && l.ServerId == server.Id && l.Destination != shownDestination).ToListAsync(cancellationToken);
        foreach (var link in links)
        {
            audit.Record(
                scope, AuditAction.DestinationConfirmed, Actor.Page(user), "server", server.Id.ToString(),
                details: [("connection", link.ConnectionId.ToString()), ("from", link.Destination), ("to", shownDestination)]);
            (link.Destination, link.AgreedAt) = (shownDestination, now);
        }

        await CommitConsentAsync(scope, [.. links.Select(l => l.ConnectionId).Distinct()], cancellationToken);
        return true;
    }

    /// <summary>After a reconnect with another account: everything that used the old one uses the new one, and the old one is ended.</summary>
    public async Task<bool> ReplaceAsync(UserId user, ConnectionId old, ConnectionId replacement, CancellationToken cancellationToken)
    {
        await using (var scope = await database.ForUserAsync(user, cancellationToken))
        {
            var rows = await Own(scope).AsNoTracking().Where(c => c.Id == old || c.Id == replacement).ToListAsync(cancellationToken);
            if (rows.Count != 2 || rows[0].ProviderId != rows[1].ProviderId || rows.Single(c => c.Id == replacement).Status != ConnectionStatus.Connected)
            {
                return false;
            }

            await scope.Db.ServerCredentials.Where(l => l.UserId == user && l.ConnectionId == old)
                .ExecuteUpdateAsync(set => set.SetProperty(l => l.ConnectionId, replacement), cancellationToken);
            audit.Record(scope, AuditAction.CredentialLinked, Actor.Page(user), "connection", replacement.ToString(), details: [("instead of", old.ToString())]);
            await CommitConsentAsync(scope, [old, replacement], cancellationToken);
        }

        await DisconnectAsync(user, old, Actor.Page(user), cancellationToken);
        return true;
    }

    /// <summary>Ends a connection here at once and at the provider as soon as that answers.</summary>
    public async Task<DisconnectResult> DisconnectAsync(UserId user, ConnectionId id, Actor actor, CancellationToken cancellationToken)
    {
        while (true)
        {
            Connection? row;
            await using (var scope = await database.ForUserAsync(user, cancellationToken))
            {
                row = await Own(scope).AsNoTracking().SingleOrDefaultAsync(c => c.Id == id, cancellationToken);
            }

            if (row is null || row.Status is ConnectionStatus.Revoked or ConnectionStatus.Revoking)
            {
                return DisconnectResult.NotFound;
            }

            // A refresh may have moved the row between reading and writing: then its new tokens are the ones to revoke.
            var order = await OrderAsync(row, cancellationToken);
            if (!await EndAsync(user, row, order, actor, cancellationToken))
            {
                continue;
            }

            if (order is null)
            {
                return DisconnectResult.NoRevocation;
            }

            return await revocations.TryAsync(order.Id, CancellationToken.None) switch
            {
                RevocationAnswer.Revoked => DisconnectResult.Revoked,
                RevocationAnswer.Unsupported => DisconnectResult.NoRevocation,
                _ => DisconnectResult.Pending,
            };
        }
    }

    private async Task<OutboxItem?> OrderAsync(Connection row, CancellationToken cancellationToken)
    {
        if (row.AccessToken is not { } access)
        {
            return null;
        }

        try
        {
            using var accessToken = await vault.UnprotectAsync(Bindings.AccessToken(row), access, cancellationToken);
            using var refreshToken = row.RefreshToken is { } refresh ? await vault.UnprotectAsync(Bindings.RefreshToken(row), refresh, cancellationToken) : null;
            var tokens = new TokenSet { AccessToken = accessToken.Reveal(), RefreshToken = refreshToken?.Reveal() };
            return await revocations.PrepareAsync(row, tokens, RevocationReach.Grant, row.Generation + 1, cancellationToken);
        }
        catch (UndecryptableException)
        {
            return null; // what cannot be read cannot be revoked, and must still be ended here
        }
    }

    private async Task<bool> EndAsync(UserId user, Connection row, OutboxItem? order, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var status = order is null ? ConnectionStatus.Revoked : ConnectionStatus.Revoking;
        var ended = await Own(scope).Where(c => c.Id == row.Id && c.Generation == row.Generation && (c.Status == ConnectionStatus.Connected || c.Status == ConnectionStatus.ReauthRequired)).ExecuteUpdateAsync(
            set => set
                .SetProperty(c => c.Status, status)
                .SetProperty(c => c.Generation, row.Generation + 1)
                .SetProperty(c => c.ConsentVersion, c => c.ConsentVersion + 1)
                .SetProperty(c => c.AccessToken, (Protected?)null)
                .SetProperty(c => c.RefreshToken, (Protected?)null)
                .SetProperty(c => c.ExpiresAt, (DateTimeOffset?)null)
                .SetProperty(c => c.RefreshExpiresAt, (DateTimeOffset?)null)
                .SetProperty(c => c.LeaseOwner, (Guid?)null)
                .SetProperty(c => c.LeaseUntil, (DateTimeOffset?)null)
                .SetProperty(c => c.LeaseFence, c => c.LeaseFence + 1)
                .SetProperty(c => c.AttemptStartedAt, (DateTimeOffset?)null)
                .SetProperty(c => c.NextAttemptAt, (DateTimeOffset?)null)
                .SetProperty(c => c.LastError, (string?)null)
                .SetProperty(c => c.LastErrorAt, (DateTimeOffset?)null),
            cancellationToken);
        if (ended == 0)
        {
            return false;
        }

        // The agreement to send this account's token anywhere ends with it: connecting again asks again.
        await scope.Db.ServerCredentials.Where(l => l.UserId == user && l.ConnectionId == row.Id).ExecuteDeleteAsync(cancellationToken);
        if (order is not null)
        {
            scope.Db.Outbox.Add(order);
        }

        audit.Record(scope, AuditAction.ConnectionDisconnected, actor, "connection", row.Id.ToString(), details: [("account", row.Account)]);
        invalidations.Publish(scope, InvalidationKind.Connection, row.Id.Value);
        invalidations.Publish(scope, InvalidationKind.Credentials, user.Value);
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    private async Task CommitConsentAsync(UserScope scope, IReadOnlyList<ConnectionId> connections, CancellationToken cancellationToken)
    {
        foreach (var id in connections)
        {
            await Own(scope).Where(c => c.Id == id).ExecuteUpdateAsync(set => set.SetProperty(c => c.ConsentVersion, c => c.ConsentVersion + 1), cancellationToken);
            invalidations.Publish(scope, InvalidationKind.Connection, id.Value);
        }

        invalidations.Publish(scope, InvalidationKind.Credentials, scope.User.Value);
        await scope.CommitAsync(cancellationToken);
    }

    private ConnectionSummary Summary(Connection row, Provider provider, IReadOnlyList<string> usedBy)
    {
        var now = time.GetUtcNow();
        var usable = row.ExpiresAt is null || now < row.ExpiresAt;
        return new ConnectionSummary
        {
            Id = row.Id,
            Provider = provider.Slug,
            ProviderName = provider.Name,
            Account = row.Account,
            Label = row.Label,
            Status = row.Status,
            ProviderDown = row.Status == ConnectionStatus.Connected && (provider.BrokenSince is not null || (row.NextAttemptAt > now && !usable)),
            Scopes = row.Scopes,
            UsedBy = usedBy,
            ConnectedAt = row.ConnectedAt,
            LastUsedAt = row.LastUsedAt,
            ExpiresAt = row.ExpiresAt,
            RenewsAt = row.RefreshToken is not null && row.ExpiresAt is { } end ? end - TokenTimes.Margin(row.LastRefreshAt ?? row.ConnectedAt, end) : null,
            GrantExpiresAt = row.RefreshExpiresAt ?? (row.RefreshToken is null ? row.ExpiresAt : null),
            LastError = row.LastError,
            LastErrorAt = row.LastErrorAt,
        };
    }

    private static IQueryable<Connection> Own(UserScope scope)
    {
        var owner = scope.User.Value;
        return scope.Db.Connections.Where(c => c.OwnerKind == OwnerKind.User && c.OwnerId == owner);
    }
}
