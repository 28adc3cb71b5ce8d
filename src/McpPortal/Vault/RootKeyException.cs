namespace McpPortal.Vault;

/// <summary>The root key cannot be read or must not be used. The message tells an operator what to do and holds no key.</summary>
public sealed class RootKeyException(string message) : Exception(message);
