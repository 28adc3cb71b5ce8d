using McpPortal.Data;
using McpPortal.Vault;

namespace McpPortal.Tests.Vault;

/// <summary>The vault of one node over a database that others may share.</summary>
internal sealed class VaultNode : IAsyncDisposable
{
    public VaultNode(DatabaseOptions options, IRootKeyProvider rootKeys, TimeProvider? time = null)
    {
        RootKeys = rootKeys;
        Database = new PortalDatabase(options);
        Ring = new KeyRing(Database, rootKeys, State, time ?? TimeProvider.System);
        Owners = new OwnerKeys(Database, Ring, time ?? TimeProvider.System);
        Vault = new SecretVault(Ring, Owners);
    }

    public IRootKeyProvider RootKeys { get; }

    public PortalDatabase Database { get; }

    public VaultState State { get; } = new();

    public KeyRing Ring { get; }

    public OwnerKeys Owners { get; }

    public SecretVault Vault { get; }

    public static async Task<VaultNode> OpenAsync(DatabaseOptions options, string rootKey)
    {
        var node = new VaultNode(options, new GivenRootKey(rootKey));
        await node.Ring.OpenAsync(TestContext.Current.CancellationToken);
        Assert.Null(node.State.Reason);
        return node;
    }

    public ValueTask DisposeAsync()
    {
        Ring.Dispose();
        return Database.DisposeAsync();
    }

    /// <summary>The record does not open in this place, and what is said about it does not hold <paramref name="planted"/>.</summary>
    public async Task<UndecryptableException> RefusesAsync(SecretBinding place, byte[] record, string planted)
    {
        var error = await Assert.ThrowsAsync<UndecryptableException>(async () => (await Vault.UnprotectAsync(place, Protected.FromStore(record), TestContext.Current.CancellationToken)).Dispose());
        Assert.DoesNotContain(planted, error.ToString(), StringComparison.Ordinal);
        return error;
    }

    internal sealed class GivenRootKey(string text) : IRootKeyProvider
    {
        public string Description => "given root key";

        public Task<RootKey> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(RootKey.Parse(text, "The test"));
    }
}
