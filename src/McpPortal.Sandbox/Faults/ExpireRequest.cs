namespace McpPortal.Sandbox.Faults;

/// <summary>Whose tokens: <c>oidc</c>, <c>google</c> or <c>github</c>, and an account there.</summary>
public sealed record ExpireRequest(string? Provider, string? Account);
