using System.Collections.Concurrent;
using System.Security.Cryptography;
using McpPortal.Data;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Vault;

/// <summary>The unwrapped ring in memory, and the sealed start: a new ring is made only where no encrypted data exists.</summary>
internal sealed class KeyRing(PortalDatabase database, IRootKeyProvider rootKeys, VaultState state, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(30);
    private static readonly byte[] CanaryText = "mcpportal canary 1"u8.ToArray();
    private readonly ConcurrentDictionary<Guid, byte[]> _keys = new();
    private readonly ConcurrentDictionary<KeyPurpose, Guid> _active = new();
    private readonly ConcurrentDictionary<Guid, long> _unknown = new();
    private readonly SemaphoreSlim _reload = new(1, 1);

    public Guid InstallId { get; private set; }

    /// <summary>Opens the vault, or seals it with the reason. Never throws for a missing or wrong key.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var root = await rootKeys.ReadAsync(cancellationToken);
            await LoadAsync(root, cancellationToken);
            state.Open();
        }
        catch (RootKeyException e)
        {
            state.Seal(e.Message);
        }
    }

    /// <summary>The active key of a purpose with its id. Throws <see cref="VaultSealedException"/> while sealed.</summary>
    public (Guid Id, byte[] Key) Active(KeyPurpose purpose)
    {
        ThrowIfSealed();
        var id = _active[purpose];
        return (id, _keys[id]);
    }

    /// <summary>
    /// A key by id. For one that another node has added since, the ring is read again, once for all who wait; null when the database does
    /// not have it either. Throws <see cref="VaultSealedException"/> when the root key cannot be had for that: this is no word on the data.
    /// </summary>
    public ValueTask<byte[]?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        ThrowIfSealed();
        return _keys.TryGetValue(id, out var key) ? new(key) : new(ReloadAsync(id, cancellationToken));
    }

    public void ThrowIfSealed()
    {
        if (state.Reason is { } reason)
        {
            throw new VaultSealedException(reason);
        }
    }

    public void Dispose() => _reload.Dispose();

    private async Task<byte[]?> ReloadAsync(Guid id, CancellationToken cancellationToken)
    {
        await _reload.WaitAsync(cancellationToken);
        try
        {
            // An id that nobody knows would otherwise cost a look at the root key each time.
            if (!_keys.ContainsKey(id) && !(_unknown.TryGetValue(id, out var asked) && time.GetElapsedTime(asked) < LookAgainAfter))
            {
                using var root = await rootKeys.ReadAsync(cancellationToken);
                await LoadAsync(root, cancellationToken);
                _unknown[id] = time.GetTimestamp();
            }

            return _keys.GetValueOrDefault(id);
        }
        catch (RootKeyException e)
        {
            throw new VaultSealedException(e.Message);
        }
        finally
        {
            _reload.Release();
        }
    }

    private async Task LoadAsync(RootKey root, CancellationToken cancellationToken)
    {
        // Another node may commit its ring between two reads: what looks incomplete is looked at once more.
        var (installation, rows) = await ReadOrCreateAsync(root, cancellationToken) ?? await ReadOrCreateAsync(root, cancellationToken) ?? throw Incomplete();
        InstallId = installation.InstallId;
        var unwrapped = rows.ToDictionary(k => k.Id, k => Unwrap(root, InstallId, k));
        var active = rows.Where(k => k.State == KeyState.Active).ToList();
        if (active.Count != Enum.GetValues<KeyPurpose>().Length || active.DistinctBy(k => k.Purpose).Count() != active.Count)
        {
            throw Incomplete();
        }

        VerifyCanary(unwrapped[active.Single(k => k.Purpose == KeyPurpose.OwnerKeys).Id], installation);
        foreach (var row in rows)
        {
            _keys[row.Id] = unwrapped[row.Id];
            if (row.State == KeyState.Active)
            {
                _active[row.Purpose] = row.Id;
            }
        }
    }

    /// <returns>The ring, made now where there is nothing to read; null when only a part of it is there.</returns>
    private async Task<(Installation Installation, List<RingKey> Rows)?> ReadOrCreateAsync(RootKey root, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var installation = await scope.Db.Installation.SingleOrDefaultAsync(cancellationToken);
        var rows = await scope.Db.KeyRing.Where(k => k.State != KeyState.Retired).ToListAsync(cancellationToken);
        if (installation is not null && rows.Count > 0)
        {
            return (installation, rows);
        }

        return installation is null && rows.Count == 0 && !await HoldsEncryptedDataAsync(scope.Db, cancellationToken)
            ? await CreateAsync(scope, root, cancellationToken)
            : null;
    }

    private static RootKeyException Incomplete() =>
        new("The key ring is incomplete although encrypted data exists. Restore the tables key_ring and installation from the backup; a new key would make the data unreadable.");

    private static async Task<bool> HoldsEncryptedDataAsync(PortalDb db, CancellationToken cancellationToken) =>
        await db.OwnerKeys.AnyAsync(cancellationToken)
        || await db.DataProtectionKeys.AnyAsync(cancellationToken)
        || await db.Secrets.AnyAsync(cancellationToken)
        || await db.Connections.AnyAsync(c => c.AccessToken != null || c.RefreshToken != null, cancellationToken)
        || await db.Providers.AnyAsync(p => p.ClientSecret != null, cancellationToken)
        || await db.AccessKeys.AnyAsync(cancellationToken);

    private async Task<(Installation Installation, List<RingKey> Rows)> CreateAsync(SystemScope scope, RootKey root, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var installId = Guid.CreateVersion7();
        List<RingKey> rows = [];
        byte[] canary = [];
        foreach (var purpose in Enum.GetValues<KeyPurpose>())
        {
            var key = RandomNumberGenerator.GetBytes(RootKey.Length);
            var row = new RingKey { Purpose = purpose, State = KeyState.Active, Wrapped = [], RootFingerprint = root.Fingerprint, CreatedAt = now, ActivatedAt = now };
            row.Wrapped = KeyWrap.Wrap(root.DeriveWrappingKey(purpose.ToString()), key, RingBinding(installId, row));
            rows.Add(row);
            if (purpose == KeyPurpose.OwnerKeys)
            {
                canary = KeyWrap.Wrap(key, CanaryText, KeyWrap.Fields(installId.ToString(), "canary"));
            }
        }

        var installation = new Installation { InstallId = installId, Canary = canary, CreatedAt = now };
        scope.Db.Installation.Add(installation);
        scope.Db.KeyRing.AddRange(rows);
        try
        {
            await scope.CommitAsync(cancellationToken);
            return (installation, rows);
        }
        catch (DbUpdateException)
        {
            // Another node made the ring in the same moment: its ring is the one.
            await using var other = await database.ForSystemAsync(cancellationToken);
            return (await other.Db.Installation.SingleAsync(cancellationToken), await other.Db.KeyRing.ToListAsync(cancellationToken));
        }
    }

    private static byte[] Unwrap(RootKey root, Guid installId, RingKey row)
    {
        try
        {
            return KeyWrap.Unwrap(root.DeriveWrappingKey(row.Purpose.ToString()), row.Wrapped, RingBinding(installId, row));
        }
        catch (CryptographicException)
        {
            throw new RootKeyException(root.Fingerprint == row.RootFingerprint
                ? $"Key {row.Id} of the ring is damaged. Restore the table key_ring from the backup."
                : $"The root key {root.Fingerprint} is not the one of this installation ({row.RootFingerprint}). Restore the right one.");
        }
    }

    private static void VerifyCanary(byte[] key, Installation installation)
    {
        try
        {
            var text = KeyWrap.Unwrap(key, installation.Canary, KeyWrap.Fields(installation.InstallId.ToString(), "canary"));
            if (text.AsSpan().SequenceEqual(CanaryText))
            {
                return;
            }
        }
        catch (CryptographicException)
        {
            // Told below.
        }

        throw new RootKeyException("The check record of this installation does not open with its key ring. Restore the tables key_ring and installation from the same backup.");
    }

    private static byte[] RingBinding(Guid installId, RingKey row) => KeyWrap.Fields(installId.ToString(), "ring", row.Id.ToString(), row.Purpose.ToString());
}
