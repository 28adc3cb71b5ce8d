using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Vault;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Attacks.Keys;

/// <summary>Another node has added a key to the ring and wrapped an owner's key under it, after this one read the ring.</summary>
public sealed class StaleRingTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly SecretBinding Place = new(SecretKind.Secret, new Owner(OwnerKind.User, Guid.CreateVersion7()), Guid.CreateVersion7(), "n", 1);

    private readonly CountedRootKey _rootKey = new(RootKey.Generate().Export());
    private readonly MovedTime _time = new();
    private TestDatabase _database = null!;
    private VaultNode _stale = null!;
    private Protected _record = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.CreateAsync(Stop);
        await using (var other = await VaultNode.OpenAsync(_database.Options, _rootKey.Text))
        {
            _record = await other.Vault.ProtectAsync(Place, "moved", Stop);
        }

        _stale = new VaultNode(_database.Options, _rootKey, _time);
        await _stale.Ring.OpenAsync(Stop);
        Assert.Equal(1, _rootKey.Reads);
    }

    public async ValueTask DisposeAsync()
    {
        await _stale.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task KEY_4_A_node_with_a_stale_ring_reads_it_again_once_for_all_who_ask_and_fails_nobody()
    {
        await MoveOwnerKeyAsync(lost: false);

        var values = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () =>
        {
            using var plaintext = await _stale.Vault.UnprotectAsync(Place, _record, Stop);
            return plaintext.Reveal();
        })));

        Assert.All(values, value => Assert.Equal("moved", value));
        Assert.Equal(2, _rootKey.Reads);
    }

    [Fact]
    public async Task KEY_4_A_key_that_nobody_has_is_looked_for_once_and_stays_a_typed_error()
    {
        await MoveOwnerKeyAsync(lost: true);

        for (var attempt = 0; attempt < 20; attempt++)
        {
            await _stale.RefusesAsync(Place, _record.Record.ToArray(), "moved");
        }

        Assert.Equal(2, _rootKey.Reads);
        Assert.False(_stale.State.IsSealed);

        // Later it may have come.
        _time.Advance(TimeSpan.FromMinutes(1));
        await _stale.RefusesAsync(Place, _record.Record.ToArray(), "moved");
        Assert.Equal(3, _rootKey.Reads);
    }

    [Fact]
    public async Task KEY_4_A_root_key_that_is_away_meanwhile_is_no_word_on_the_data()
    {
        await MoveOwnerKeyAsync(lost: false);
        _rootKey.IsAway = true;
        await Assert.ThrowsAsync<VaultSealedException>(() => _stale.Vault.UnprotectAsync(Place, _record, Stop).AsTask());
        Assert.False(_stale.State.IsSealed);

        _rootKey.IsAway = false;
        using var plaintext = await _stale.Vault.UnprotectAsync(Place, _record, Stop);
        Assert.Equal("moved", plaintext.Reveal());
    }

    /// <summary>What a rotation does to one owner; with <paramref name="lost"/> the new key is retired at once, so that no node may have it.</summary>
    private async Task MoveOwnerKeyAsync(bool lost)
    {
        await using var node = await VaultNode.OpenAsync(_database.Options, _rootKey.Text);
        var owner = await node.Owners.ForOwnerAsync(Place.Owner, Stop);
        using var root = RootKey.Parse(_rootKey.Text, "The test");
        using var key = RootKey.Generate();
        var row = new RingKey { Purpose = KeyPurpose.OwnerKeys, State = lost ? KeyState.Retired : KeyState.DecryptOnly, Wrapped = [], RootFingerprint = root.Fingerprint };
        var plain = Convert.FromBase64String(key.Export());
        row.Wrapped = KeyWrap.Wrap(root.DeriveWrappingKey(row.Purpose.ToString()), plain, KeyWrap.Fields(node.Ring.InstallId.ToString(), "ring", row.Id.ToString(), row.Purpose.ToString()));
        await using var scope = await node.Database.ForSystemAsync(Stop);
        scope.Db.KeyRing.Add(row);
        var stored = await scope.Db.OwnerKeys.SingleAsync(Stop);
        stored.RingKeyId = row.Id;
        stored.Wrapped = KeyWrap.Wrap(plain, owner.Key, KeyWrap.Fields(node.Ring.InstallId.ToString(), "owner", stored.Id.ToString(), stored.Owner.ToString(), row.Id.ToString()));
        await scope.CommitAsync(Stop);
    }

    private sealed class MovedTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }

    private sealed class CountedRootKey(string text) : IRootKeyProvider
    {
        private int _reads;

        public string Text => text;

        public int Reads => _reads;

        public bool IsAway { get; set; }

        public string Description => "counted root key";

        public Task<RootKey> ReadAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            return IsAway ? throw new RootKeyException("The test's key is away.") : Task.FromResult(RootKey.Parse(text, "The test"));
        }
    }
}
