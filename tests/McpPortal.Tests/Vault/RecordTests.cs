using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Vault;

public sealed class RecordTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly string Planted = Canary.New("record");

    private readonly string _rootKey = RootKey.Generate().Export();
    private TestDatabase _database = null!;
    private VaultNode _node = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.CreateAsync(Stop);
        _node = await VaultNode.OpenAsync(_database.Options, _rootKey);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Two_nodes_make_one_key_for_an_owner_they_meet_at_the_same_time()
    {
        await using var other = await VaultNode.OpenAsync(_database.Options, _rootKey);
        var place = RecordPlaces.All()[0];
        VaultNode[] nodes = [_node, other];
        var records = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => Task.Run(() => nodes[n % 2].Vault.ProtectAsync(place, Planted, Stop).AsTask(), Stop)));

        foreach (var record in records)
        {
            using var one = await _node.Vault.UnprotectAsync(place, record, Stop);
            using var two = await other.Vault.UnprotectAsync(place, record, Stop);
            Assert.Equal((Planted, Planted), (one.Reveal(), two.Reveal()));
        }

        Assert.Equal(records.Length, records.Select(r => Convert.ToHexString(r.Record.Span.Slice(22, 12))).Distinct().Count());
        await using var scope = await _node.Database.ForSystemAsync(Stop);
        Assert.Equal(1, await scope.Db.OwnerKeys.CountAsync(Stop));
    }

    [Fact]
    public void Plaintext_never_becomes_a_stored_value()
    {
        Assert.Throws<InvalidDataException>(() => Protected.FromRecord(Encoding.UTF8.GetBytes(Planted)));
        Assert.Throws<InvalidDataException>(() => Protected.FromRecord([]));
    }

    [Fact]
    public async Task Nothing_that_holds_a_value_prints_it()
    {
        var place = RecordPlaces.All()[0];
        var record = await _node.Vault.ProtectAsync(place, Planted, Stop);
        using var plaintext = await _node.Vault.UnprotectAsync(place, record, Stop);
        using var root = RootKey.Parse(_rootKey, "test");
        var owner = await _node.Owners.ForOwnerAsync(place.Owner, Stop);
        var (_, ringKey) = _node.Ring.Active(KeyPurpose.OwnerKeys);
        string[] secrets = [Planted, _rootKey, .. Spellings(Encoding.UTF8.GetBytes(Planted)), .. Spellings(owner.Key), .. Spellings(ringKey), .. Spellings(record.Record.ToArray())];

        foreach (var thing in (object[])[plaintext, record, root, owner, _node.Ring, _node.Vault, _node.Owners])
        {
            foreach (var text in (string[])[thing.ToString()!, $"{thing}", string.Format(CultureInfo.InvariantCulture, "{0}", thing), Serialize(thing)])
            {
                Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
            }
        }

        var error = await _node.RefusesAsync(place with { Generation = 99 }, record.Record.ToArray(), Planted);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, error.ToString(), StringComparison.OrdinalIgnoreCase));
        var wrong = Assert.Throws<RootKeyException>(() => RootKey.Parse(_rootKey[..^4] + "AAAAAAAA", "The test"));
        Assert.DoesNotContain(_rootKey[..16], wrong.ToString(), StringComparison.Ordinal);
        plaintext.Dispose();
        Assert.DoesNotContain(Planted, plaintext.Reveal(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_stored_by_name_or_number_keeps_it()
    {
        Assert.Equal(
            ["AccessToken=1", "RefreshToken=2", "Secret=3", "ClientSecret=4", "CodeVerifier=5", "Revocation=6", "ConsolePayload=7"],
            Enum.GetValues<SecretKind>().Select(k => $"{k}={(int)k}").Take(7));
        Assert.Equal(["User=1", "Group=2", "Organisation=3", "System=4"], Enum.GetValues<OwnerKind>().Select(k => $"{k}={(int)k}"));
        Assert.Equal(["OwnerKeys=1", "Fingerprint=2", "AccessKeys=3", "DataProtection=4"], Enum.GetValues<KeyPurpose>().Select(k => $"{k}={(int)k}"));
    }

    [Fact]
    public void Different_fields_never_join_to_the_same_bytes()
    {
        var text = Gen.Elements("a", "b", "|", "\0", "\0\0\0\u0001", "\0\0\0\u0001a", "ä", "€", "🎉", "\ufffd").ListOf().Select(parts => string.Concat(parts));
        var fields = text.ListOf().Select(list => list.ToArray());
        Prop.ForAll(fields.ToArbitrary(), fields.ToArbitrary(), (one, two) =>
        {
            Assert.Equal(one.SequenceEqual(two, StringComparer.Ordinal), KeyWrap.Fields(one).AsSpan().SequenceEqual(KeyWrap.Fields(two)));

            // The nearest neighbours: the same characters, cut elsewhere.
            if (one is [{ Length: > 0 } first, var second, ..] && !char.IsSurrogate(first[^1]))
            {
                string[] shifted = [first[..^1], first[^1] + second, .. one[2..]];
                Assert.NotEqual(KeyWrap.Fields(one), KeyWrap.Fields(shifted));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
        Assert.Throws<EncoderFallbackException>(() => KeyWrap.Fields("\ud83c"));
    }

    private static string[] Spellings(byte[] bytes) => [Convert.ToHexString(bytes), Convert.ToBase64String(bytes), string.Join(',', bytes)];

    private static string Serialize(object thing)
    {
        try
        {
            return JsonSerializer.Serialize(thing, thing.GetType());
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            return e.ToString();
        }
    }
}
