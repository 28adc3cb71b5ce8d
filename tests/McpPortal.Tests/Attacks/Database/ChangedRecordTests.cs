using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Rig.Canaries;
using McpPortal.Tests.Vault;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Tests.Attacks.Database;

/// <summary>Single records: every other place, every changed byte, every other length, another installation, no key.</summary>
public sealed class ChangedRecordTests(PostgresCluster cluster) : IAsyncLifetime
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
    public async Task DB_8_A_record_opens_in_its_own_place_and_in_no_other()
    {
        var places = RecordPlaces.All();
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

                await other.RefusesAsync(places[i], records[j].Record.ToArray(), Planted);
            }
        }
    }

    [Fact]
    public async Task DB_8_Any_changed_byte_and_any_other_length_is_refused()
    {
        var places = RecordPlaces.All();
        foreach (var number in Enumerable.Range(0, SoakSize.Of(10, 200)))
        {
            var place = places[number % places.Count];
            var record = (await _node.Vault.ProtectAsync(place, RandomNumberGenerator.GetBytes(number % 20 * 3), Stop)).Record.ToArray();
            for (var i = 0; i < record.Length; i++)
            {
                foreach (var flip in (byte[])[0x01, 0x80])
                {
                    var changed = record.ToArray();
                    changed[i] ^= flip;
                    await _node.RefusesAsync(place, changed, Planted);
                }

                await _node.RefusesAsync(place, record[..i], Planted);
            }

            await _node.RefusesAsync(place, [.. record, 0], Planted);
        }
    }

    [Fact]
    public async Task DB_8_A_record_of_another_installation_is_refused_even_under_the_same_root_key()
    {
        await using var elsewhere = await cluster.CreateAsync(Stop);
        await using var other = await VaultNode.OpenAsync(elsewhere.Options, _rootKey);
        var place = RecordPlaces.All()[0];
        var record = await _node.Vault.ProtectAsync(place, Planted, Stop);

        await other.RefusesAsync(place, record.Record.ToArray(), Planted);

        // Nor when the owner's key row is copied along.
        await using (var from = await _node.Database.ForSystemAsync(Stop))
        await using (var to = await other.Database.ForSystemAsync(Stop))
        {
            var key = await from.Db.OwnerKeys.AsNoTracking().SingleAsync(Stop);
            key.RingKeyId = (await to.Db.KeyRing.SingleAsync(k => k.Purpose == KeyPurpose.OwnerKeys, Stop)).Id;
            to.Db.OwnerKeys.Add(key);
            await to.CommitAsync(Stop);
        }

        await other.RefusesAsync(place, record.Record.ToArray(), Planted);
    }

    [Fact]
    public async Task DB_8_Without_the_owners_key_nothing_of_the_owner_opens()
    {
        var place = RecordPlaces.All()[0];
        var record = await _node.Vault.ProtectAsync(place, Planted, Stop);
        await using (var scope = await _node.Database.ForSystemAsync(Stop))
        {
            await scope.Db.OwnerKeys.ExecuteDeleteAsync(Stop);
            await scope.CommitAsync(Stop);
        }

        _node.Owners.Forget(place.Owner);
        await _node.RefusesAsync(place, record.Record.ToArray(), Planted);

        // A new key of the same owner does not bring it back.
        await _node.Vault.ProtectAsync(place, "new", Stop);
        await _node.RefusesAsync(place, record.Record.ToArray(), Planted);
    }

    [Fact]
    public async Task DB_8_One_damaged_row_does_not_hide_the_others()
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
    public async Task DB_8_Format_1_opens_for_ever()
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
}
