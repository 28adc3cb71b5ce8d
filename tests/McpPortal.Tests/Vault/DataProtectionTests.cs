using McpPortal.Data;
using McpPortal.Tests.Rig;
using McpPortal.Vault;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace McpPortal.Tests.Vault;

public sealed class DataProtectionTests(PostgresCluster cluster) : IAsyncLifetime
{
    private readonly string _keyFile = Path.Combine(Path.GetTempPath(), $"portal-{Guid.NewGuid():n}.key");
    private TestDatabase _database = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.CreateAsync(Stop);
        FileRootKey.Create(_keyFile);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        File.Delete(_keyFile);
    }

    [Fact]
    public async Task What_one_node_protects_another_opens_and_the_database_holds_no_key_in_clear()
    {
        await using var first = await NodeAsync();
        var cookie = Protector(first).Protect("who is signed in");
        await using var second = await NodeAsync();

        Assert.Equal("who is signed in", Protector(second).Unprotect(cookie));
        await using var scope = await first.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop);
        var xml = (await scope.Db.DataProtectionKeys.SingleAsync(Stop)).Xml;
        Assert.Contains("portalEncryptedKey", xml, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", xml, StringComparison.Ordinal);
        Assert.DoesNotContain("<value", xml, StringComparison.Ordinal);

        // Moved under another id of the ring it does not open: a copy of the table forges nothing elsewhere.
        await using var elsewhere = await cluster.CreateAsync(Stop);
        await using var other = await NodeAsync(elsewhere);
        await using (var to = await other.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop))
        {
            to.Db.DataProtectionKeys.Add(new DataProtectionKey { Name = "copied", Xml = xml });
            await to.CommitAsync(Stop);
        }

        Assert.ThrowsAny<Exception>(() => Protector(other).Unprotect(cookie));
    }

    [Fact]
    public async Task A_sealed_node_makes_no_key_of_its_own()
    {
        await using (var first = await NodeAsync())
        {
            Protector(first).Protect("x");
        }

        File.Move(_keyFile, _keyFile + ".away");
        await using var node = await NodeAsync();
        Assert.True(node.GetRequiredService<VaultState>().IsSealed);
        Assert.ThrowsAny<Exception>(() => Protector(node).Protect("y"));
        await using (var scope = await node.GetRequiredService<PortalDatabase>().ForSystemAsync(Stop))
        {
            Assert.Equal(1, await scope.Db.DataProtectionKeys.CountAsync(Stop));
        }

        File.Move(_keyFile + ".away", _keyFile);
        await node.GetRequiredService<KeyRing>().OpenAsync(Stop);
        Assert.Equal("z", Protector(node).Unprotect(Protector(node).Protect("z")));
    }

    private static IDataProtector Protector(IServiceProvider services) => services.GetRequiredService<IDataProtectionProvider>().CreateProtector("cookie");

    private async Task<ServiceProvider> NodeAsync(TestDatabase? database = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection((database ?? _database).Settings);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Vault:RootKeyFile"] = _keyFile });
        builder.Services.AddLogging();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddData(builder.Configuration);
        builder.Services.AddVault(builder.Configuration, builder.Environment);
        var services = builder.Services.BuildServiceProvider();
        await services.GetRequiredService<KeyRing>().OpenAsync(Stop);
        return services;
    }
}
