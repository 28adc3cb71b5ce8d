namespace McpPortal.Vault;

/// <summary>Where the root key is kept; never the database.</summary>
internal interface IRootKeyProvider
{
    /// <summary>How an operator recognises the source in a message.</summary>
    string Description { get; }

    /// <summary>Reads the key anew. Throws <see cref="RootKeyException"/> with a sentence for the operator.</summary>
    Task<RootKey> ReadAsync(CancellationToken cancellationToken);
}
