namespace McpPortal.Sandbox.OAuth;

/// <summary>Why an authorization request goes no further: shown here, or (with an error code) told to the client.</summary>
internal sealed record AuthorizeProblem(string Sentence, string? Error = null);
