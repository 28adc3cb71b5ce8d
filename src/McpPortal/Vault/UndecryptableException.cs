namespace McpPortal.Vault;

/// <summary>A record that this vault cannot open: changed, moved, truncated, of an unknown format, or its owner's key is gone.</summary>
public sealed class UndecryptableException(string what, string reason) : Exception($"{what} cannot be decrypted: {reason}.");
