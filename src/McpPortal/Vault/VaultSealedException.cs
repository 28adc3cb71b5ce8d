namespace McpPortal.Vault;

/// <summary>The root key is missing or wrong, so nothing can be encrypted or decrypted. Fronts answer 503 <c>sealed</c>.</summary>
public sealed class VaultSealedException(string reason) : Exception($"The vault is sealed. {reason}");
