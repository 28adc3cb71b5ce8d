namespace McpPortal.Vault;

/// <summary>Whether credentials can be used. Sealed, the portal stays up, is not ready, and writes nothing.</summary>
internal sealed class VaultState
{
    private volatile string? _sealedBecause = "The vault has not been opened yet.";

    public bool IsSealed => _sealedBecause is not null;

    /// <summary>A sentence for the operator; null when open.</summary>
    public string? Reason => _sealedBecause;

    public void Open() => _sealedBecause = null;

    public void Seal(string reason) => _sealedBecause = reason;
}
