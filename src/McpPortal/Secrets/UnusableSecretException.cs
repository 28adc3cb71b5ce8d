namespace McpPortal.Secrets;

/// <summary>A stored value cannot go where the server now wants it; the message is a sentence for its owner and never holds the value.</summary>
internal sealed class UnusableSecretException(string sentence) : Exception(sentence);
