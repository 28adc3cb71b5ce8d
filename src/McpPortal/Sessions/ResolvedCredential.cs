using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Secrets;

namespace McpPortal.Sessions;

/// <summary>What stands behind one need of a server for one user: still ciphertext. Exactly one of token and secret is set.</summary>
internal sealed record ResolvedCredential(CredentialNeed Need, TokenResult.Token? Token, SecretResult.Value? Secret)
{
    /// <summary>Changes with the owner's decisions, not with a refresh.</summary>
    public string ConsentKey => Token is { } token
        ? $"{Need.Name}:c{token.Connection}.{token.ConsentVersion}"
        : $"{Need.Name}:s{Secret!.Id}.{Secret.Generation}";
}
