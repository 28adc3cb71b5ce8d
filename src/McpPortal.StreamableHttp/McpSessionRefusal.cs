namespace McpPortal.StreamableHttp;

/// <summary>Why a session may not begin.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Sentence">For the client and its user.</param>
public sealed record McpSessionRefusal(int Status, string Sentence);
