namespace McpPortal.Vault;

/// <summary>Section <c>Vault</c>: where the root key comes from. Exactly one source is used: file, command, environment, in this order.</summary>
internal sealed class VaultOptions
{
    /// <summary>File with the root key as base64 text, mode 0400 or 0440.</summary>
    public string? RootKeyFile { get; init; }

    /// <summary>Program and arguments that print the root key as base64 text: how a key management service is attached.</summary>
    public IReadOnlyList<string> RootKeyCommand { get; init; } = [];

    /// <summary>Seconds the command may take.</summary>
    public int RootKeyCommandSeconds { get; init; } = 10;

    /// <summary>Permits the environment variable <c>MCPPORTAL_ROOT_KEY</c> in Production, where other processes may read it.</summary>
    public bool AllowEnvironmentKey { get; init; }
}
