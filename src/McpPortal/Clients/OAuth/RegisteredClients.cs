using McpPortal.Audit;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Clients.OAuth;

/// <summary>The MCP clients that may ask people for access: registers them, and finds them again.</summary>
internal sealed class RegisteredClients(PortalDatabase database, ClientDocuments documents, AuditLog audit, TimeProvider time)
{
    /// <summary>A client that nobody consented to is forgotten after this time.</summary>
    public static readonly TimeSpan UnusedFor = TimeSpan.FromHours(24);

    private static readonly Actor Registration = new(null, "registration");

    /// <summary>Registers a client under a new id (RFC 7591).</summary>
    public async Task<KnownClient> RegisterAsync(ClientDetails details, string? from, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var client = Add(scope, $"mcp-{Guid.NewGuid():n}", details, Registration, from);
        await scope.CommitAsync(cancellationToken);
        return Known(client);
    }

    /// <returns>The client, or a sentence that says why there is none.</returns>
    public async Task<(KnownClient? Client, string? Fault)> FindAsync(string clientId, UserId asks, CancellationToken cancellationToken)
    {
        if (!KnownClient.HasDocument(clientId))
        {
            return await FindRegisteredAsync(clientId, cancellationToken) is { } found ? (found, null) : (null, "This client is not registered here, or no longer. Remove what it remembers of this portal, then let it sign in anew.");
        }

        var (details, fault) = await documents.GetAsync(clientId, cancellationToken);
        if (details is null)
        {
            return (null, fault);
        }

        try
        {
            return (await KeepAsync(clientId, details, Actor.Page(asks), cancellationToken), null);
        }
        catch (DbUpdateException e) when (DuplicateKey.Is(e))
        {
            // Another request has just kept it.
            return (await KeepAsync(clientId, details, Actor.Page(asks), cancellationToken), null);
        }
    }

    private async Task<KnownClient?> FindRegisteredAsync(string clientId, CancellationToken cancellationToken)
    {
        var newest = time.GetUtcNow() - UnusedFor;
        await using var scope = await database.ForSystemAsync(cancellationToken);
        return await scope.Db.RegisteredClients.AsNoTracking().SingleOrDefaultAsync(c => c.ClientId == clientId && (c.UsedAt != null || c.CreatedAt > newest), cancellationToken) is { } client
            ? Known(client)
            : null;
    }

    /// <summary>Makes a row for a client with a document, or brings it up to date.</summary>
    private async Task<KnownClient> KeepAsync(string clientId, ClientDetails details, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var client = await scope.Db.RegisteredClients.SingleOrDefaultAsync(c => c.ClientId == clientId, cancellationToken);
        if (client is null)
        {
            client = Add(scope, clientId, details, actor, null);
        }
        else if (client.Name != details.Name || !client.RedirectUris.SequenceEqual(details.RedirectUris, StringComparer.Ordinal))
        {
            (client.Name, client.RedirectUris) = (details.Name, details.RedirectUris);
            audit.Record(scope, AuditAction.ClientChanged, actor, "client", client.Id.ToString(), details: Facts(clientId, details, null));
        }

        await scope.CommitAsync(cancellationToken);
        return Known(client);
    }

    private RegisteredClient Add(SystemScope scope, string clientId, ClientDetails details, Actor actor, string? from)
    {
        var client = new RegisteredClient { ClientId = clientId, Name = details.Name, RedirectUris = details.RedirectUris, CreatedAt = time.GetUtcNow() };
        scope.Db.RegisteredClients.Add(client);
        audit.Record(scope, AuditAction.ClientRegistered, actor, "client", client.Id.ToString(), details: Facts(clientId, details, from));
        return client;
    }

    private static (string Name, string? Value)[] Facts(string clientId, ClientDetails details, string? from) =>
        [("client", clientId), ("name", details.Name), ("redirectUris", string.Join(' ', details.RedirectUris)), ("from", from)];

    private static KnownClient Known(RegisteredClient client) => new(client.Id, client.ClientId, client.Name, client.RedirectUris);
}
