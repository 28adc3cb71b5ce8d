using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Vault;

/// <summary>One key per owner, made on first use and kept unwrapped in memory. Destroying the row makes the owner's data unreadable.</summary>
internal sealed class OwnerKeys(PortalDatabase database, KeyRing ring, TimeProvider time)
{
    private readonly ConcurrentDictionary<Owner, Entry> _byOwner = new();
    private readonly ConcurrentDictionary<Guid, Entry> _byId = new();

    internal sealed record Entry(Guid Id, Owner Owner, [property: JsonIgnore] byte[] Key)
    {
        public override string ToString() => $"owner key {Id} of {Owner}";
    }

    /// <summary>The owner's key; made, in a transaction of its own, when the owner has none.</summary>
    public ValueTask<Entry> ForOwnerAsync(Owner owner, CancellationToken cancellationToken)
    {
        ring.ThrowIfSealed();
        return _byOwner.TryGetValue(owner, out var entry) ? new(entry) : new(LoadOrCreateAsync(owner, cancellationToken));
    }

    /// <summary>The key with this id, or null when it does not exist or was destroyed.</summary>
    public ValueTask<Entry?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        ring.ThrowIfSealed();
        return _byId.TryGetValue(id, out var entry) ? new(entry) : new(LoadAsync(k => k.Id == id, cancellationToken));
    }

    /// <summary>Forgets what is in memory, after an owner's key was destroyed or moved to another ring key.</summary>
    public void Forget(Owner owner)
    {
        if (_byOwner.TryRemove(owner, out var entry))
        {
            // Not zeroed here: a call under way would go on with a key of zeros.
            _byId.TryRemove(entry.Id, out _);
        }
    }

    private async Task<Entry> LoadOrCreateAsync(Owner owner, CancellationToken cancellationToken)
    {
        if (await LoadAsync(k => k.OwnerKind == owner.Kind && k.OwnerId == owner.Id, cancellationToken) is { } existing)
        {
            return existing;
        }

        var (ringKeyId, ringKey) = ring.Active(KeyPurpose.OwnerKeys);
        var row = new OwnerKey { OwnerKind = owner.Kind, OwnerId = owner.Id, RingKeyId = ringKeyId, Wrapped = [], CreatedAt = time.GetUtcNow() };
        row.Wrapped = KeyWrap.Wrap(ringKey, RandomNumberGenerator.GetBytes(RootKey.Length), Binding(row));
        try
        {
            await using var scope = await database.ForSystemAsync(cancellationToken);
            scope.Db.OwnerKeys.Add(row);
            await scope.CommitAsync(cancellationToken);
        }
        catch (DbUpdateException)
        {
            // Made elsewhere in the same moment; the unique index lets one win, and everybody reads the winner.
        }

        return await LoadAsync(k => k.OwnerKind == owner.Kind && k.OwnerId == owner.Id, cancellationToken)
            ?? throw new InvalidOperationException($"The key of {owner} could not be made.");
    }

    private async Task<Entry?> LoadAsync(System.Linq.Expressions.Expression<Func<OwnerKey, bool>> which, CancellationToken cancellationToken)
    {
        if (await ReadAsync(which, cancellationToken) is not { } row)
        {
            return null;
        }

        var ringKey = await ring.FindAsync(row.RingKeyId, cancellationToken) ?? throw new UndecryptableException($"The key of {row.Owner}", $"key {row.RingKeyId} is not in the ring");
        try
        {
            var entry = new Entry(row.Id, row.Owner, KeyWrap.Unwrap(ringKey, row.Wrapped, Binding(row)));
            _byId[entry.Id] = entry;
            return _byOwner[entry.Owner] = entry;
        }
        catch (CryptographicException)
        {
            throw new UndecryptableException($"The key of {row.Owner}", "it was changed or moved");
        }
    }

    // A transaction of its own: a ring that is read again needs a second connection, and nobody may hold one while waiting for another.
    private async Task<OwnerKey?> ReadAsync(System.Linq.Expressions.Expression<Func<OwnerKey, bool>> which, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        return await scope.Db.OwnerKeys.AsNoTracking().SingleOrDefaultAsync(which, cancellationToken);
    }

    private byte[] Binding(OwnerKey row) =>
        KeyWrap.Fields(ring.InstallId.ToString(), "owner", row.Id.ToString(), row.Owner.ToString(), row.RingKeyId.ToString());
}
