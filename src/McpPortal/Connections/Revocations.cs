using System.Text.Json;
using McpPortal.Audit;
using McpPortal.Connections.Providers;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Connections;

/// <summary>Revokes tokens at their provider: the order is written in the transaction that gives them up, and tried until it works or a day is over.</summary>
internal sealed partial class Revocations(
    PortalDatabase database,
    ProviderDirectory providers,
    OAuthClient client,
    SecretVault vault,
    AuditLog audit,
    Invalidations invalidations,
    TimeProvider time,
    ILogger<Revocations> logger)
{
    public const string Kind = "revoke";
    private const string GivenUp = "could not be told for a day";
    private static readonly TimeSpan KeepTrying = TimeSpan.FromDays(1);
    private static readonly Actor Actor = Actor.Job("revocation");
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new GuidIdJson() } };

    /// <summary>Makes the order; the caller adds it to the transaction that gives the tokens up.</summary>
    public async Task<OutboxItem> PrepareAsync(Connection connection, TokenSet tokens, RevocationReach reach, long? generation, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7();
        var draft = new OutboxItem { Id = id, Kind = Kind, OwnerKind = connection.OwnerKind, OwnerId = connection.OwnerId };
        var payload = JsonSerializer.SerializeToUtf8Bytes(new Payload(tokens.AccessToken, tokens.RefreshToken), Json);
        try
        {
            return new OutboxItem
            {
                Id = id,
                Kind = Kind,
                OwnerKind = connection.OwnerKind,
                OwnerId = connection.OwnerId,
                SubjectId = connection.Id.Value,
                Payload = await vault.ProtectAsync(Bindings.Outbox(draft), payload, cancellationToken),
                Parameters = JsonSerializer.Serialize(new RevocationOrder(connection.ProviderId, reach, generation), Json),
                CreatedAt = now,
                NextAttemptAt = now,
                ExpiresAt = now + KeepTrying,
            };
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(payload);
        }
    }

    /// <summary>Carries out one order now, unless somebody else is at it.</summary>
    public async Task<RevocationAnswer> TryAsync(Guid orderId, CancellationToken cancellationToken)
    {
        if (await ClaimAsync(orderId, cancellationToken) is not { } item)
        {
            return RevocationAnswer.Unavailable;
        }

        var order = JsonSerializer.Deserialize<RevocationOrder>(item.Parameters!, Json)!;
        var answer = await RevokeAsync(item, order, cancellationToken);
        var giveUp = answer == RevocationAnswer.Unavailable && time.GetUtcNow() >= item.ExpiresAt;
        if (answer == RevocationAnswer.Unavailable && !giveUp)
        {
            return answer;
        }

        await using var scope = await database.ForSystemAsync(cancellationToken);
        await scope.Db.Outbox.Where(o => o.Id == item.Id).ExecuteDeleteAsync(cancellationToken);
        if (order.Generation is { } generation)
        {
            await ConcludeAsync(scope, item, order, generation, answer, cancellationToken);
        }

        await scope.CommitAsync(cancellationToken);
        return answer;
    }

    /// <summary>Orders that are due, oldest first.</summary>
    public async Task<IReadOnlyList<Guid>> DueAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var scope = await database.ForSystemAsync(cancellationToken);
        return await scope.Db.Outbox.Where(o => o.Kind == Kind && o.NextAttemptAt <= now).OrderBy(o => o.NextAttemptAt).Select(o => o.Id).Take(100).ToListAsync(cancellationToken);
    }

    /// <summary>Moves the next attempt ahead, so that an attempt that dies is made again and two never run together.</summary>
    private async Task<OutboxItem?> ClaimAsync(Guid id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var item = await scope.Db.Outbox.AsNoTracking().SingleOrDefaultAsync(o => o.Id == id && o.NextAttemptAt <= now, cancellationToken);
        if (item is null)
        {
            return null;
        }

        var next = now + TimeSpan.FromSeconds(Math.Min(3600, 75 * Math.Pow(2, Math.Min(item.Attempts, 10))));
        var claimed = await scope.Db.Outbox.Where(o => o.Id == id && o.Attempts == item.Attempts)
            .ExecuteUpdateAsync(set => set.SetProperty(o => o.Attempts, item.Attempts + 1).SetProperty(o => o.NextAttemptAt, next), cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return claimed == 1 ? item : null;
    }

    private async Task<RevocationAnswer> RevokeAsync(OutboxItem item, RevocationOrder order, CancellationToken cancellationToken)
    {
        if (await providers.FindAsync(order.Provider, cancellationToken) is not { } provider)
        {
            return RevocationAnswer.Unsupported;
        }

        try
        {
            using var plaintext = await vault.UnprotectAsync(Bindings.Outbox(item), item.Payload!, cancellationToken);
            var payload = JsonSerializer.Deserialize<Payload>(plaintext.Bytes, Json)!;
            var tokens = new TokenSet { AccessToken = payload.Access, RefreshToken = payload.Refresh };
            return await client.RevokeAsync(await providers.OpenAsync(provider, cancellationToken), tokens, order.Reach, cancellationToken);
        }
        catch (UndecryptableException e)
        {
            Log.Undecryptable(logger, item.Id, e.Message);
            return RevocationAnswer.Unsupported;
        }
    }

    private async Task ConcludeAsync(SystemScope scope, OutboxItem item, RevocationOrder order, long generation, RevocationAnswer answer, CancellationToken cancellationToken)
    {
        var name = (await providers.FindAsync(order.Provider, cancellationToken))?.Name ?? "The provider";
        var sentence = answer switch
        {
            RevocationAnswer.Revoked => null,
            RevocationAnswer.Unsupported => $"{name} offers no way to revoke access from here. Remove the portal in your account there.",
            _ => $"{name} {GivenUp}. Remove the portal in your account there.",
        };
        var connection = ConnectionId.From(item.SubjectId);
        var concluded = await scope.Db.Connections.Where(c => c.Id == connection && c.Generation == generation && c.Status == ConnectionStatus.Revoking)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.Status, ConnectionStatus.Revoked).SetProperty(c => c.LastError, sentence), cancellationToken);
        if (concluded == 0)
        {
            return;
        }

        audit.Record(
            scope,
            answer == RevocationAnswer.Revoked ? AuditAction.ConnectionRevokedAtProvider : AuditAction.ConnectionRevocationFailed,
            Actor,
            "connection",
            item.SubjectId.ToString(),
            item.OwnerKind == OwnerKind.User ? UserId.From(item.OwnerId) : null,
            ("outcome", answer.ToString()));
        invalidations.Publish(scope, InvalidationKind.Connection, item.SubjectId);
        invalidations.Publish(scope, InvalidationKind.Credentials, item.OwnerId);
    }

    private sealed record Payload(string Access, string? Refresh)
    {
        public override string ToString() => "***";
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The tokens of revocation {Order} cannot be read, so they cannot be revoked. {Reason}")]
        public static partial void Undecryptable(ILogger logger, Guid order, string reason);
    }
}
