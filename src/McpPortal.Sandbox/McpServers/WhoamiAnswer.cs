namespace McpPortal.Sandbox.McpServers;

/// <param name="Sha256">Hash of the credential, in lower-case hexadecimal.</param>
/// <param name="Count">How many calls this owner has made, this one included.</param>
/// <param name="Transport"><c>http</c> or <c>stdio</c>.</param>
internal sealed record WhoamiAnswer(string Sha256, long Count, string Transport);
