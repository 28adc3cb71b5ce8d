using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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
    public async Task A_record_opens_in_its_own_place_and_in_no_other()
    {
        var places = Places();
        var records = new List<Protected>();
        foreach (var place in places)
        {
            records.Add(await _node.Vault.ProtectAsync(place, $"{Planted} {place.Name} {place.Generation}", Stop));
        }

        await using var other = await VaultNode.OpenAsync(_database.Options, _rootKey);
        Assert.InRange(places.Count, 40, 60);
        Assert.Equal(places.Count, places.Distinct().Count());
        for (var i = 0; i < places.Count; i++)
        {
            for (var j = 0; j < places.Count; j++)
            {
                if (i == j)
                {
                    using var plaintext = await other.Vault.UnprotectAsync(places[i], records[j], Stop);
                    Assert.Equal($"{Planted} {places[i].Name} {places[i].Generation}", plaintext.Reveal());
                    continue;
                }

                await RefusedAsync(other, places[i], records[j].Record.ToArray());
            }
        }
    }

    [Fact]
    public async Task Any_changed_byte_and_any_other_length_is_refused()
    {
        foreach (var (place, number) in Places().Take(20).Select((place, number) => (place, number)))
        {
            var record = (await _node.Vault.ProtectAsync(place, RandomNumberGenerator.GetBytes(number * 3), Stop)).Record.ToArray();
            for (var i = 0; i < record.Length; i++)
            {
                foreach (var flip in (byte[])[0x01, 0x80])
                {
                    var changed = record.ToArray();
                    changed[i] ^= flip;
                    await RefusedAsync(_node, place, changed);
                }

                await RefusedAsync(_node, place, record[..i]);
            }

            await RefusedAsync(_node, place, [.. record, 0]);
        }
    }

    [Fact]
    public async Task A_record_of_another_installation_is_refused_even_under_the_same_root_key()
    {
        await using var elsewhere = await cluster.CreateAsync(Stop);
        await using var other = await VaultNode.OpenAsync(elsewhere.Options, _rootKey);
        var place = Places()[0];
        var record = await _node.Vault.ProtectAsync(place, Planted, Stop);

        await RefusedAsync(other, place, record.Record.ToArray());

        // Nor when the owner's key row is copied along.
        await using (var from = await _node.Database.ForSystemAsync(Stop))
        await using (var to = await other.Database.ForSystemAsync(Stop))
        {
            var key = await from.Db.OwnerKeys.AsNoTracking().SingleAsync(Stop);
            key.RingKeyId = (await to.Db.KeyRing.SingleAsync(k => k.Purpose == KeyPurpose.OwnerKeys, Stop)).Id;
            to.Db.OwnerKeys.Add(key);
            await to.CommitAsync(Stop);
        }

        await RefusedAsync(other, place, record.Record.ToArray());
    }

    [Fact]
    public async Task Without_the_owners_key_nothing_of_the_owner_opens()
    {
        var place = Places()[0];
        var record = await _node.Vault.ProtectAsync(place, Planted, Stop);
        await using (var scope = await _node.Database.ForSystemAsync(Stop))
        {
            await scope.Db.OwnerKeys.ExecuteDeleteAsync(Stop);
            await scope.CommitAsync(Stop);
        }

        _node.Owners.Forget(place.Owner);
        await RefusedAsync(_node, place, record.Record.ToArray());

        // A new key of the same owner does not bring it back.
        await _node.Vault.ProtectAsync(place, "new", Stop);
        await RefusedAsync(_node, place, record.Record.ToArray());
    }

    [Fact]
    public async Task Two_nodes_make_one_key_for_an_owner_they_meet_at_the_same_time()
    {
        await using var other = await VaultNode.OpenAsync(_database.Options, _rootKey);
        var place = Places()[0];
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
    public async Task One_damaged_row_does_not_hide_the_others()
    {
        await using var portal = await PortalServices.CreateAsync(cluster, Stop);
        var ana = await portal.AddUserAsync("ana");
        await using (var scope = await portal.Database.ForSystemAsync(Stop))
        {
            var server = new Server { Slug = "s", Name = "S", Destination = "https://s:443" };
            scope.Db.Add(server);
            foreach (var name in (string[])["good", "damaged", "cut"])
            {
                var secret = new Secret { OwnerId = ana.Value, ServerId = server.Id, Name = name, Destination = "https://s:443", Value = null! };
                secret.Value = await portal.Get<SecretVault>().ProtectAsync(Bindings.Secret(secret), Planted, Stop);
                scope.Db.Add(secret);
            }

            await scope.CommitAsync(Stop);
        }

        await portal.ScalarAsync(db => db.System, "update secrets set value = '\\x00'::bytea || value where name = 'damaged'");
        await portal.ScalarAsync(db => db.System, "update secrets set value = '' where name = 'cut'");
        var report = await new McpPortal.Cli.RecordVerifier(portal.Database, portal.Get<SecretVault>()).VerifyAsync(Stop);

        Assert.Equal(("secrets.value", 1, 2), report.Columns.Single(c => c.Column == "secrets.value"));
        Assert.Equal(2, report.Failures.Count);
        Assert.All(report.Failures, line => Assert.DoesNotContain(Planted, line, StringComparison.Ordinal));
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
        var place = Places()[0];
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

        var error = await RefusedAsync(_node, place with { Generation = 99 }, record.Record.ToArray());
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, error.ToString(), StringComparison.OrdinalIgnoreCase));
        var wrong = Assert.Throws<RootKeyException>(() => RootKey.Parse(_rootKey[..^4] + "AAAAAAAA", "The test"));
        Assert.DoesNotContain(_rootKey[..16], wrong.ToString(), StringComparison.Ordinal);
        plaintext.Dispose();
        Assert.DoesNotContain(Planted, plaintext.Reveal(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Format_1_opens_for_ever()
    {
        var golden = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/McpPortal.Tests/Vault/format-1.json"), Stop))!;
        await using var database = await cluster.CreateAsync(Stop);
        await using var node = new VaultNode(database.Options, new VaultNode.GivenRootKey((string)golden["rootKey"]!));
        await using (var scope = await node.Database.ForSystemAsync(Stop))
        {
            scope.Db.Installation.Add(new Installation { InstallId = Id(golden["installId"]), Canary = Bytes(golden["canary"]) });
            scope.Db.KeyRing.AddRange(golden["ring"]!.AsArray().Select(key => new RingKey
            {
                Id = Id(key!["id"]),
                Purpose = Enum.Parse<KeyPurpose>((string)key["purpose"]!),
                State = KeyState.Active,
                Wrapped = Bytes(key["wrapped"]),
                RootFingerprint = (string)golden["rootFingerprint"]!,
            }));
            var ownerKey = golden["ownerKey"]!;
            scope.Db.OwnerKeys.Add(new OwnerKey
            {
                Id = Id(ownerKey["id"]), OwnerKind = OwnerKind.User, OwnerId = Id(ownerKey["ownerId"]), RingKeyId = Id(golden["ring"]![0]!["id"]), Wrapped = Bytes(ownerKey["wrapped"]),
            });
            await scope.CommitAsync(Stop);
        }

        await node.Ring.OpenAsync(Stop);
        Assert.Null(node.State.Reason);
        Assert.Equal((string)golden["rootFingerprint"]!, (await node.RootKeys.ReadAsync(Stop)).Fingerprint);
        var record = golden["record"]!;
        var place = new SecretBinding(SecretKind.Secret, new Owner(OwnerKind.User, Id(golden["ownerKey"]!["ownerId"])), Id(record["subjectId"]), (string)record["name"]!, (long)record["generation"]!);
        using var plaintext = await node.Vault.UnprotectAsync(place, Protected.FromStore(Bytes(record["record"])), Stop);
        Assert.Equal((string)record["value"]!, plaintext.Reveal());
        Assert.Equal(Bytes(golden["accessKey"]!["hash"]), new Fingerprints(node.Ring).OfAccessKey(Encoding.ASCII.GetBytes((string)golden["accessKey"]!["text"]!)));

        static Guid Id(JsonNode? node) => Guid.Parse((string)node!);
        static byte[] Bytes(JsonNode? node) => Convert.FromBase64String((string)node!);
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

    private static async Task<UndecryptableException> RefusedAsync(VaultNode node, SecretBinding place, byte[] record)
    {
        var error = await Assert.ThrowsAsync<UndecryptableException>(async () => (await node.Vault.UnprotectAsync(place, Protected.FromStore(record), Stop)).Dispose());
        Assert.DoesNotContain(Planted, error.ToString(), StringComparison.Ordinal);
        return error;
    }

    /// <summary>Places that differ from each other in one thing at a time, among them pairs that a careless join would confuse.</summary>
    private static List<SecretBinding> Places()
    {
        var (one, two, subject, other) = (Guid.Parse("018f5b3c-0000-7000-8000-00000000000a"), Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        var start = new SecretBinding(SecretKind.Secret, new Owner(OwnerKind.User, one), subject, "api-key", 1);
        return
        [
            start,
            .. Enum.GetValues<SecretKind>().Where(k => k != SecretKind.Secret).Select(kind => start with { Kind = kind }),
            start with { Owner = new Owner(OwnerKind.User, two) },
            start with { Owner = new Owner(OwnerKind.Group, one) },
            start with { Owner = new Owner(OwnerKind.Group, two) },
            start with { Owner = new Owner(OwnerKind.Organisation, one) },
            start with { Owner = Owner.Organisation },
            start with { Owner = Owner.System },
            start with { SubjectId = other },
            start with { SubjectId = one },
            start with { SubjectId = Guid.Empty },
            .. ((string[])["", "a", "api", "api-key ", "API-KEY", "api-key\0", "apı-key", "api-kéy", "api-ke\u0301y", "1", "api-key1", "Secret", "User"]).Select(name => start with { Name = name }),
            .. ((long[])[0, 2, 3, 255, 256, 1L << 32, long.MaxValue, -1]).Select(generation => start with { Generation = generation }),
            .. ((string[])["access_token", "refresh_token"]).Select(name => start with { Kind = SecretKind.AccessToken, Name = name }),
            start with { Owner = new Owner(OwnerKind.User, two), SubjectId = other },
            start with { Owner = new Owner(OwnerKind.User, two), Generation = 2 },
            start with { Kind = SecretKind.RefreshToken, Generation = 2 },
            start with { SubjectId = other, Name = "a" },
        ];
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
