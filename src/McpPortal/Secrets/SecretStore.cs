using McpPortal.Audit;
using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Secrets;

/// <summary>Named values that people give to servers. Write-only: nothing but <see cref="RevealAsync"/>, for one call, gives a value back.</summary>
internal sealed class SecretStore(
    PortalDatabase database, SecretVault vault, SecretCache cache, SecretUses uses, AuditLog audit, Invalidations invalidations, TimeProvider time)
{
    private const int Attempts = 3;

    /// <summary>What the user has for the need: their own before their group's before the organisation's. Does not decrypt.</summary>
    public async ValueTask<SecretResult> FindAsync(UserId user, ServerSnapshot server, CredentialNeed need, CancellationToken cancellationToken)
    {
        foreach (var secret in await cache.FindAsync(user, server.Id, need.Name, cancellationToken))
        {
            // What is shared goes only where an admin decides the address, never to a member's own server.
            if (secret.OwnerKind != OwnerKind.User && server.Owner.Kind == OwnerKind.User)
            {
                continue;
            }

            // No fall-through: another credential in its place would be a surprise.
            return secret.Destination == server.Destination
                ? new SecretResult.Value(secret.Id, secret.Generation, secret.Value, Bindings.Secret(secret), secret.Owner, need.Placement)
                : new SecretResult.Suspended(secret.Destination, server.Destination);
        }

        return SecretResult.Missing.Instance;
    }

    /// <summary>Decrypts for one injection and notes the use. Throws <see cref="UnusableSecretException"/> when the value cannot go there.</summary>
    public async ValueTask<Plaintext> RevealAsync(SecretResult.Value value, CancellationToken cancellationToken)
    {
        var plaintext = await vault.UnprotectAsync(value.Binding, value.Ciphertext, cancellationToken);
        if (SecretValues.Refusal(value.Placement, plaintext.Reveal()) is { } sentence)
        {
            plaintext.Dispose();
            throw new UnusableSecretException($"The secret '{value.Binding.Name}' cannot be sent. {sentence}");
        }

        uses.Note(value.Id);
        return plaintext;
    }

    /// <summary>Sets or replaces the owner's value, for the destination that <paramref name="server"/> shows.</summary>
    public async Task<SecretEditResult> SetAsync(UserId owner, ServerSnapshot server, string name, string value, Actor actor, CancellationToken cancellationToken)
    {
        if (server.Need(name) is not { Source: CredentialSource.Secret } need)
        {
            return new SecretEditResult.Refused($"{server.Name} asks for no secret of this name.");
        }

        if (SecretValues.Refusal(need.Placement, value) is { } sentence)
        {
            return new SecretEditResult.Refused(sentence);
        }

        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            try
            {
                return await SaveAsync(owner, server, name, value, actor, cancellationToken);
            }
            catch (Exception e) when (e is DbUpdateConcurrencyException || (e is DbUpdateException update && DuplicateKey.Is(update)) || DatabaseFault.IsConflict(e))
            {
                // Set elsewhere in the same moment: the later one wins, on a generation of its own.
            }
        }

        return new SecretEditResult.ChangedMeanwhile();
    }

    /// <summary>False when there was none.</summary>
    public async Task<bool> DeleteAsync(UserId owner, ServerSnapshot server, string name, Actor actor, CancellationToken cancellationToken) =>
        await DeleteAsync(owner, s => s.ServerId == server.Id && s.Name == name, actor, cancellationToken);

    /// <summary>For secrets of servers that their owner may no longer use. False when there was none.</summary>
    public async Task<bool> DeleteAsync(UserId owner, SecretId id, Actor actor, CancellationToken cancellationToken) =>
        await DeleteAsync(owner, s => s.Id == id, actor, cancellationToken);

    /// <summary>Everything the user has set, without values.</summary>
    public async Task<IReadOnlyList<SecretListing>> ListAsync(UserId owner, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(owner, cancellationToken);
        return await scope.Db.Secrets
            .Where(s => s.OwnerKind == OwnerKind.User && s.OwnerId == owner.Value)
            .Join(scope.Db.Servers, secret => secret.ServerId, server => server.Id, (secret, server) => new SecretListing
            {
                Id = secret.Id,
                ServerId = server.Id,
                ServerSlug = server.Slug,
                ServerName = server.Name,
                Name = secret.Name,
                SetAt = secret.CreatedAt,
                ChangedAt = secret.ChangedAt,
                LastUsedAt = secret.LastUsedAt,
                AgreedTo = secret.Destination,
                Now = server.Destination,
            })
            .OrderBy(s => s.ServerName).ThenBy(s => s.Name)
            .ToListAsync(cancellationToken);
    }

    /// <summary>The owner agrees that their secrets of this server go to what the page showed.</summary>
    public async Task<ConfirmResult> ConfirmDestinationAsync(UserId owner, ServerSnapshot server, string shownDestination, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(owner, cancellationToken);
        var now = await scope.Db.Servers.Where(s => s.Id == server.Id && s.RemovedAt == null).Select(s => s.Destination).FirstOrDefaultAsync(cancellationToken);
        if (now is null)
        {
            return new ConfirmResult.NotFound();
        }

        if (now != shownDestination)
        {
            return new ConfirmResult.ChangedMeanwhile(now);
        }

        var suspended = await scope.Db.Secrets
            .Where(s => s.OwnerKind == OwnerKind.User && s.OwnerId == owner.Value && s.ServerId == server.Id && s.Destination != shownDestination)
            .ToListAsync(cancellationToken);
        foreach (var secret in suspended)
        {
            audit.Record(scope, AuditAction.DestinationConfirmed, actor, "secret", secret.Id.ToString(), Concerns(owner, actor),
                ("server", server.Slug), ("name", secret.Name), ("from", secret.Destination), ("to", shownDestination));
            secret.Destination = shownDestination;
        }

        if (suspended.Count > 0)
        {
            invalidations.Publish(scope, InvalidationKind.Credentials, owner.Value);
            await scope.CommitAsync(cancellationToken);
        }

        return new ConfirmResult.Confirmed(suspended.Count);
    }

    private async Task<SecretEditResult> SaveAsync(UserId owner, ServerSnapshot server, string name, string value, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(owner, cancellationToken);
        if (!await scope.Db.Servers.AnyAsync(s => s.Id == server.Id && s.RemovedAt == null, cancellationToken))
        {
            return new SecretEditResult.Refused("There is no such server any more.");
        }

        var now = time.GetUtcNow();
        var secret = await scope.Db.Secrets.FirstOrDefaultAsync(
            s => s.OwnerKind == OwnerKind.User && s.OwnerId == owner.Value && s.ServerId == server.Id && s.Name == name, cancellationToken);
        var replaced = secret is not null;
        var generation = secret is null ? FirstGeneration(now) : secret.Generation + 1;
        var binding = new SecretBinding(SecretKind.Secret, Owner.Of(owner), server.Id.Value, name, generation);
        var ciphertext = await vault.ProtectAsync(binding, value, cancellationToken);
        if (secret is null)
        {
            secret = new Secret
            {
                OwnerId = owner.Value,
                ServerId = server.Id,
                Name = name,
                Value = ciphertext,
                Generation = generation,
                Destination = server.Destination,
                CreatedAt = now,
                ChangedAt = now,
            };
            scope.Db.Secrets.Add(secret);
        }
        else
        {
            (secret.Value, secret.Generation, secret.Destination, secret.ChangedAt) = (ciphertext, generation, server.Destination, now);
        }

        audit.Record(scope, replaced ? AuditAction.SecretReplaced : AuditAction.SecretSet, actor, "secret", secret.Id.ToString(), Concerns(owner, actor),
            ("server", server.Slug), ("name", name), ("destination", server.Destination));
        invalidations.Publish(scope, InvalidationKind.Credentials, owner.Value);
        await scope.CommitAsync(cancellationToken);
        return new SecretEditResult.Saved(secret.Id, generation, replaced);
    }

    private async Task<bool> DeleteAsync(UserId owner, System.Linq.Expressions.Expression<Func<Secret, bool>> which, Actor actor, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForUserAsync(owner, cancellationToken);
        var found = await scope.Db.Secrets.Where(s => s.OwnerKind == OwnerKind.User && s.OwnerId == owner.Value).Where(which)
            .Select(s => new { s.Id, s.Name, s.ServerId })
            .FirstOrDefaultAsync(cancellationToken);
        if (found is null || await scope.Db.Secrets.Where(s => s.Id == found.Id).ExecuteDeleteAsync(cancellationToken) == 0)
        {
            return false;
        }

        audit.Record(scope, AuditAction.SecretDeleted, actor, "secret", found.Id.ToString(), Concerns(owner, actor), ("server", found.ServerId.ToString()), ("name", found.Name));
        invalidations.Publish(scope, InvalidationKind.Credentials, owner.Value);
        await scope.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Later than every generation of a row that was deleted before, so that nothing of the old row fits the new one.</summary>
    private static long FirstGeneration(DateTimeOffset now) => now.ToUnixTimeMilliseconds();

    private static UserId? Concerns(UserId owner, Actor actor) => actor.User == owner ? null : owner;
}
