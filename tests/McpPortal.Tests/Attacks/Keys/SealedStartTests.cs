#pragma warning disable CA1416 // Key files with modes are tested where there are modes.
using System.Security.Cryptography;
using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Tests.StreamableHttp;
using McpPortal.Tests.Vault;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace McpPortal.Tests.Attacks.Keys;

public sealed class SealedStartTests(PostgresCluster cluster) : IAsyncLifetime
{
    private static readonly SecretBinding Place = new(SecretKind.Secret, Owner.Organisation, Guid.CreateVersion7(), "n", 1);

    private readonly string _keyFile = Path.Combine(Path.GetTempPath(), $"portal-{Guid.NewGuid():n}.key");
    private TestDatabase _database = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await cluster.CreateAsync(Stop);

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        File.Delete(_keyFile);
    }

    [Fact]
    public async Task KEY_4_Nodes_that_start_together_share_one_ring()
    {
        var rootKey = RootKey.Generate().Export();
        var nodes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => VaultNode.OpenAsync(_database.Options, rootKey), Stop)));

        Assert.Single(nodes.Select(n => n.Ring.InstallId).Distinct());
        var record = await nodes[0].Vault.ProtectAsync(Place, "shared", Stop);
        foreach (var node in nodes)
        {
            using var plaintext = await node.Vault.UnprotectAsync(Place, record, Stop);
            Assert.Equal("shared", plaintext.Reveal());
            foreach (var purpose in Enum.GetValues<KeyPurpose>())
            {
                Assert.Equal(nodes[0].Ring.Active(purpose).Id, node.Ring.Active(purpose).Id);
                Assert.Equal(nodes[0].Ring.Active(purpose).Key, node.Ring.Active(purpose).Key);
            }
        }

        Assert.Equal(4L, await ScalarAsync("select count(*) from key_ring"));
        Assert.Equal(1L, await ScalarAsync("select count(*) from installation"));
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task KEY_2_A_sealed_start_writes_nothing_and_opens_when_the_key_comes_back()
    {
        var root = FileRootKey.Create(_keyFile).Export();
        await using (var before = await VaultNode.OpenAsync(_database.Options, root))
        {
            await before.Vault.ProtectAsync(Place, "x", Stop);
        }

        File.Delete(_keyFile);
        var rows = await RowHashes.ReadAsync(_database);
        var time = new ManualTime();
        await using var node = new VaultNode(_database.Options, new FileRootKey(_keyFile));
        using var opener = new VaultOpener(node.Ring, node.State, node.RootKeys, time, NullLogger<VaultOpener>.Instance);
        await opener.StartAsync(Stop);
        Assert.True(node.State.IsSealed);
        Assert.Contains("missing", node.State.Reason!, StringComparison.Ordinal);
        await Assert.ThrowsAsync<VaultSealedException>(() => node.Vault.ProtectAsync(Place, "y", Stop).AsTask());
        await Assert.ThrowsAsync<VaultSealedException>(() => node.Vault.ProtectAsync(Place with { Owner = Owner.Of(UserId.New()) }, "y", Stop).AsTask());
        Assert.Throws<VaultSealedException>(() => new Fingerprints(node.Ring).Of([1]));

        // A wrong key is no better than none.
        using (var wrong = FileRootKey.Create(_keyFile))
        {
            await TickUntilAsync(time, () => node.State.Reason!.Contains(wrong.Fingerprint, StringComparison.Ordinal));
        }

        Assert.Equal(rows, await RowHashes.ReadAsync(_database));
        File.Delete(_keyFile);
        await File.WriteAllTextAsync(_keyFile, root, Stop);
        File.SetUnixFileMode(_keyFile, UnixFileMode.UserRead);
        await TickUntilAsync(time, () => !node.State.IsSealed);
        await node.Vault.ProtectAsync(Place, "z", Stop);
        Assert.Equal(rows, await RowHashes.ReadAsync(_database));
        await opener.StopAsync(Stop);
    }

    [Theory]
    [InlineData("delete from key_ring", "secrets")]
    [InlineData("delete from installation", "secrets")]
    [InlineData("delete from key_ring; delete from installation", "secrets")]
    [InlineData("delete from key_ring; delete from installation", "data_protection_keys")]
    [InlineData("delete from key_ring; delete from installation", "access_keys")]
    [InlineData("delete from key_ring; delete from installation", "connections")]
    [InlineData("delete from key_ring; delete from installation", "providers")]
    [InlineData("delete from key_ring where purpose = 1", "none")]
    [InlineData("delete from key_ring where purpose = 2", "none")]
    [InlineData("update key_ring set state = 4", "none")]
    [InlineData("update key_ring set state = 3 where purpose = 3", "none")]
    [InlineData("update key_ring set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) where purpose = 4", "none")]
    [InlineData("update installation set canary = set_byte(canary, 20, get_byte(canary, 20) # 1)", "none")]
    [InlineData("update installation set install_id = gen_random_uuid()", "none")]
    public async Task KEY_1_An_incomplete_or_changed_ring_beside_encrypted_data_is_refused_and_left_alone(string damage, string data)
    {
        var rootKey = RootKey.Generate().Export();
        await using (var first = await VaultNode.OpenAsync(_database.Options, rootKey))
        {
            await FillAsync(first, data);
        }

        await ScalarAsync("delete from owner_keys; " + damage);
        var rows = await RowHashes.ReadAsync(_database);
        await using var node = new VaultNode(_database.Options, new VaultNode.GivenRootKey(rootKey));
        await node.Ring.OpenAsync(Stop);

        Assert.True(node.State.IsSealed);
        Assert.Contains("Restore", node.State.Reason!, StringComparison.Ordinal);
        Assert.Equal(rows, await RowHashes.ReadAsync(_database));
    }

    [Fact]
    public async Task KEY_1_Another_root_key_is_named_by_its_fingerprint_and_changes_nothing()
    {
        using var right = RootKey.Generate();
        using var wrong = RootKey.Generate();
        await (await VaultNode.OpenAsync(_database.Options, right.Export())).DisposeAsync();
        var rows = await RowHashes.ReadAsync(_database);
        await using var node = new VaultNode(_database.Options, new VaultNode.GivenRootKey(wrong.Export()));
        await node.Ring.OpenAsync(Stop);

        Assert.Contains(wrong.Fingerprint, node.State.Reason!, StringComparison.Ordinal);
        Assert.Contains(right.Fingerprint, node.State.Reason!, StringComparison.Ordinal);
        Assert.DoesNotContain(wrong.Export(), node.State.Reason!, StringComparison.Ordinal);
        Assert.Equal(rows, await RowHashes.ReadAsync(_database));
    }

    private static async Task FillAsync(VaultNode node, string table)
    {
        await using var scope = await node.Database.ForSystemAsync(Stop);
        var record = await node.Vault.ProtectAsync(Place, "x", Stop);
        var user = new User { DisplayName = "ana" };
        var server = new Server { Slug = "s", Name = "S", Destination = "https://s:443" };
        var provider = new Provider { Slug = "p", Name = "P", AuthorizationEndpoint = "https://p/a", TokenEndpoint = "https://p/t", ClientId = "c", ClientSecret = table == "providers" ? record : null };
        scope.Db.AddRange(user, server, provider);
        object? row = table switch
        {
            "secrets" => new Secret { OwnerId = user.Id.Value, ServerId = server.Id, Name = "n", Destination = "https://s:443", Value = record },
            "data_protection_keys" => new DataProtectionKey { Name = "k", Xml = "<k/>" },
            "access_keys" => new AccessKey { Id = "k", UserId = user.Id, Name = "k", Hash = RandomNumberGenerator.GetBytes(32) },
            "connections" => new Connection { OwnerId = user.Id.Value, ProviderId = provider.Id, AccountId = "1", Account = "a", ClientId = "c", RefreshToken = record },
            _ => null,
        };
        if (row is not null)
        {
            scope.Db.Add(row);
        }

        await scope.CommitAsync(Stop);
    }

    private static async Task TickUntilAsync(ManualTime time, Func<bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(20, deadline.Token);
        }
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_database.System);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }
}
