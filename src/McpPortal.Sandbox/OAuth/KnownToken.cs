namespace McpPortal.Sandbox.OAuth;

/// <param name="Owner"><c>provider:account</c>.</param>
internal sealed record KnownToken(string Owner, bool Live);
