namespace McpPortal.Accounts.Oidc;

/// <summary>A provider and the client that the portal is there; one for each scheme, by its name.</summary>
internal sealed record OidcClient(OidcProvider Provider, OidcTokens Tokens);
