namespace McpPortal.Accounts.Oidc;

internal enum OidcClientAuthentication
{
    /// <summary>What the provider's metadata lists first of basic and post; none without a secret.</summary>
    Auto,
    Basic,
    Post,
    None,
}
