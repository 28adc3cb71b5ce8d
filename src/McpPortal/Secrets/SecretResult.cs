using McpPortal.Data;
using McpPortal.Vault;

namespace McpPortal.Secrets;

/// <summary>What there is for a need of a server; never plaintext.</summary>
internal abstract record SecretResult
{
    private SecretResult()
    {
    }

    /// <summary>A value that may be sent to the server's present destination.</summary>
    internal sealed record Value(SecretId Id, long Generation, Protected Ciphertext, SecretBinding Binding, Owner Owner, CredentialPlacement Placement) : SecretResult;

    /// <summary>Nobody has set it.</summary>
    internal sealed record Missing : SecretResult
    {
        public static Missing Instance { get; } = new();
    }

    /// <summary>Its owner agreed to another destination; nothing is sent until they confirm the present one.</summary>
    internal sealed record Suspended(string AgreedTo, string Now) : SecretResult;
}
