namespace McpPortal.Sandbox.McpServers;

/// <summary>Who calls a sample server, as far as the credential tells.</summary>
/// <param name="Owner">Stays the same when a token of the same account is renewed, so that a session outlives a refresh.</param>
/// <param name="CredentialHash">SHA-256 of exactly what arrived.</param>
internal sealed record McpCaller(string Owner, string CredentialHash)
{
    /// <summary>Name under which it travels to the tools.</summary>
    public const string Item = "caller";
}
