using System.Text;
using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.OAuth;

/// <summary>What people allowed MCP clients: given on the consent page, listed, and revoked.</summary>
internal sealed class ClientGrants(PortalDatabase database, Fingerprints fingerprints, AuditLog audit, Invalidations invalidations, ClientsOptions options, TimeProvider time)
{
    private static readonly TimeSpan CodeLifetime = TimeSpan.FromSeconds(60);

    /// <summary>Writes down what the person agreed to.</summary>
    /// <returns>The authorization code for the client, for the only time.</returns>
    public async Task<string> GiveAsync(UserId user, AuthorizeRequest request, Actor actor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var grant = new ClientGrant
        {
            UserId = user,
            ClientId = request.Client.Id,
            ClientName = request.Client.Name,
            ClientHost = new Uri(request.RedirectUri).Host,
            ServerSlug = request.Server?.Slug,
            ServerId = request.Server?.Id,
            ToolsetName = request.Toolset?.Name,
            ToolsetId = request.Toolset?.Id,
            Scopes = request.Scopes,
            CreatedAt = now,
            ExpiresAt = now + options.RefreshTokenLifetime,
        };
        var (id, text) = ClientTokenText.New(ClientTokenText.Code);
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        scope.Db.ClientGrants.Add(grant);
        scope.Db.ClientCodes.Add(new ClientCode
        {
            Id = id,
            Hash = fingerprints.OfClientToken(Encoding.ASCII.GetBytes(text)),
            UserId = user,
            GrantId = grant.Id,
            RedirectUri = request.RedirectUri,
            Challenge = request.Challenge,
            ExpiresAt = now + CodeLifetime,
        });
        audit.Record(
            scope, AuditAction.ConsentGiven, actor, "grant", grant.Id.ToString(), details:
            [("client", request.Client.ClientId), ("name", grant.ClientName), ("redirectHost", grant.ClientHost), ("server", grant.ResourceName() ?? "all"), ("scopes", ClientScopes.Join(grant.Scopes))]);
        await scope.CommitAsync(cancellationToken);
        return text;
    }

    /// <summary>The clients that can act for the user now.</summary>
    public async Task<IReadOnlyList<ClientGrantListing>> ListAsync(UserId user, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        return await scope.Db.ClientGrants.Where(g => g.UserId == user && g.RevokedAt == null && g.BeganAt != null && g.ExpiresAt > now)
            .OrderByDescending(g => g.CreatedAt)
            .Select(g => new ClientGrantListing(g.Id, g.ClientName, g.ClientHost, g.ServerSlug, g.ToolsetName, g.Scopes, g.CreatedAt, g.LastUsedAt, g.ExpiresAt))
            .ToListAsync(cancellationToken);
    }

    /// <summary>Ends the grant and every token of it; effective on every node within two seconds. False: the user has no such grant.</summary>
    public async Task<bool> RevokeAsync(UserId user, ClientGrantId grant, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(user, cancellationToken);
        var ended = await EndAsync(scope, grant, user, actor, "revoked", cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return ended;
    }

    /// <summary>Ends the grant in the caller's transaction.</summary>
    public async Task<bool> EndAsync(DatabaseScope scope, ClientGrantId grant, UserId user, Actor actor, string reason, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await scope.Db.ClientGrants.Where(g => g.Id == grant && g.UserId == user && g.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(g => g.RevokedAt, now), cancellationToken) == 0)
        {
            return false;
        }

        audit.Record(scope, AuditAction.GrantRevoked, actor, "grant", grant.ToString(), user, ("reason", reason));
        invalidations.Publish(scope, InvalidationKind.ClientGrants, user.Value);
        return true;
    }

    /// <summary>The same when a code or refresh token that was used already came again: somebody has a copy.</summary>
    public async Task EndReusedAsync(DatabaseScope scope, ClientGrantId grant, UserId user, string what, CancellationToken cancellationToken)
    {
        var actor = new Actor(null, "token");
        if (await EndAsync(scope, grant, user, actor, $"{what} used again", cancellationToken))
        {
            audit.Record(scope, AuditAction.TokenReuseDetected, actor, "grant", grant.ToString(), user, ("token", what));
        }
    }
}
