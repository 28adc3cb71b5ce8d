using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using ModelContextProtocol.Authentication;

namespace McpPortal.Sessions;

/// <summary>
/// Gives the SDK the token of one user for one server, for each request anew. The portal owns refresh, so what is handed out
/// carries neither refresh token nor expiry, and nothing is ever stored through the SDK.
/// </summary>
internal sealed class UpstreamTokenCache(UserId user, ServerSnapshot server, CredentialNeed need, AccessTokens tokens, SecretStore secrets, TimeProvider time) : ITokenCache
{
    public async ValueTask<TokenContainer?> GetTokensAsync(CancellationToken cancellationToken)
    {
        using var plaintext = need.Source == CredentialSource.Connection
            ? await tokens.GetAsync(user, server, need, cancellationToken) is TokenResult.Token token ? await tokens.RevealAsync(token, cancellationToken) : null
            : await secrets.FindAsync(user, server, need, cancellationToken) is SecretResult.Value value ? await secrets.RevealAsync(value, cancellationToken) : null;
        return plaintext is null ? null : new TokenContainer { TokenType = "Bearer", AccessToken = plaintext.Reveal(), ObtainedAt = time.GetUtcNow() };
    }

    public ValueTask StoreTokensAsync(TokenContainer tokens, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
