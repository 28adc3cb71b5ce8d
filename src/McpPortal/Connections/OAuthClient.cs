using McpPortal.Connections.Providers;
using McpPortal.Data;

namespace McpPortal.Connections;

/// <summary>Speaks to OAuth providers over HTTP and nothing else: no database, no encryption.</summary>
internal sealed class OAuthClient(ProviderHttp http)
{
    private readonly ProviderClient _generic = new(http);
    private readonly GoogleClient _google = new(http);
    private readonly GitHubClient _gitHub = new(http);

    public (Uri Address, string Verifier) Authorize(OAuthApp app, AuthorizeRequest request) => For(app).Authorize(app, request);

    public Task<TokenAnswer> ExchangeAsync(OAuthApp app, string code, string verifier, string redirectUri, CancellationToken cancellationToken) =>
        For(app).ExchangeAsync(app, code, verifier, redirectUri, cancellationToken);

    /// <summary>One request. An answer that is in doubt may have used the refresh token up.</summary>
    public Task<TokenAnswer> RefreshAsync(OAuthApp app, string refreshToken, CancellationToken cancellationToken) => For(app).RefreshAsync(app, refreshToken, cancellationToken);

    public Task<RevocationAnswer> RevokeAsync(OAuthApp app, TokenSet tokens, RevocationReach reach, CancellationToken cancellationToken) =>
        For(app).RevokeAsync(app, tokens, reach, cancellationToken);

    /// <summary>Whose account the token is of.</summary>
    public Task<AccountAnswer> WhoAsync(OAuthApp app, TokenSet tokens, CancellationToken cancellationToken) => For(app).WhoAsync(app, tokens, cancellationToken);

    private ProviderClient For(OAuthApp app) => app.Kind switch
    {
        ProviderKind.Google => _google,
        ProviderKind.GitHub => _gitHub,
        _ => _generic,
    };
}
