namespace McpPortal.EmailServer.Gmail;

/// <summary>A setting that cannot be used; the message names its key and what to write.</summary>
internal sealed class GmailOptionsException(string message) : Exception(message);
