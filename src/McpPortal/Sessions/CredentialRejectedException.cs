namespace McpPortal.Sessions;

/// <summary>The upstream refused the credential (401). Carries a sentence and a path for its owner, never the credential.</summary>
internal sealed class CredentialRejectedException(string sentence, string path) : Exception(sentence)
{
    public string Path { get; } = path;
}
