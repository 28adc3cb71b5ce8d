using McpPortal.Data;

namespace McpPortal.Vault;

/// <summary>How each encrypted column is bound to its row: the one place that says so.</summary>
internal static class Bindings
{
    public static SecretBinding AccessToken(Connection connection) => new(SecretKind.AccessToken, connection.Owner, connection.Id.Value, "access_token", connection.Generation);

    public static SecretBinding RefreshToken(Connection connection) => new(SecretKind.RefreshToken, connection.Owner, connection.Id.Value, "refresh_token", connection.Generation);

    public static SecretBinding Secret(Secret secret) => new(SecretKind.Secret, secret.Owner, secret.ServerId.Value, secret.Name, secret.Generation);

    public static SecretBinding ClientSecret(Provider provider) => new(SecretKind.ClientSecret, Owner.System, provider.Id.Value, "client_secret", provider.Version);

    public static SecretBinding Verifier(PendingConnect pending) => Verifier(pending.Id, pending.UserId);

    public static SecretBinding Verifier(PendingConnectId pending, UserId user) => new(SecretKind.CodeVerifier, Owner.Of(user), pending.Value, "code_verifier", 1);

    public static SecretBinding Outbox(OutboxItem item) => new(SecretKind.Revocation, item.Owner, item.Id, item.Kind, 1);
}
