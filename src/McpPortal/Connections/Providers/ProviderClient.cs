using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Connections.Providers;

/// <summary>OAuth 2.0 as the standards say; a provider that differs overrides what differs.</summary>
internal class ProviderClient(ProviderHttp http)
{
    protected ProviderHttp Http { get; } = http;

    /// <summary>The address to send the person to, and the PKCE verifier that stays here (RFC 7636 §4.1).</summary>
    public virtual (Uri Address, string Verifier) Authorize(OAuthApp app, AuthorizeRequest request)
    {
        var verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(48));
        var query = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["response_type"] = "code",
            ["client_id"] = app.ClientId,
            ["redirect_uri"] = request.RedirectUri,
            ["scope"] = string.Join(' ', request.Scopes),
            ["state"] = request.State,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            ["code_challenge_method"] = "S256",
        };
        if (request.LoginHint is { } hint)
        {
            query[HintParameter] = hint;
        }

        if (request.ChooseAccount)
        {
            query["prompt"] = "select_account";
        }

        return (new Uri(QueryHelpers.AddQueryString(app.AuthorizationEndpoint.AbsoluteUri, query)), verifier);
    }

    public virtual Task<TokenAnswer> ExchangeAsync(OAuthApp app, string code, string verifier, string redirectUri, CancellationToken cancellationToken) =>
        TokenRequestAsync(app, [new("grant_type", "authorization_code"), new("code", code), new("code_verifier", verifier), new("redirect_uri", redirectUri)], cancellationToken);

    public virtual Task<TokenAnswer> RefreshAsync(OAuthApp app, string refreshToken, CancellationToken cancellationToken) =>
        TokenRequestAsync(app, [new("grant_type", "refresh_token"), new("refresh_token", refreshToken)], cancellationToken);

    /// <summary>RFC 7009: the refresh token first, because with it the provider may end the access token too.</summary>
    public virtual async Task<RevocationAnswer> RevokeAsync(OAuthApp app, TokenSet tokens, RevocationReach reach, CancellationToken cancellationToken)
    {
        if (app.RevocationEndpoint is not { } endpoint)
        {
            return RevocationAnswer.Unsupported;
        }

        var refresh = tokens.RefreshToken is { } refreshToken
            ? await RevokeAsync(app, endpoint, refreshToken, "refresh_token", cancellationToken)
            : RevocationAnswer.Revoked;
        var access = await RevokeAsync(app, endpoint, tokens.AccessToken, "access_token", cancellationToken);
        return refresh == RevocationAnswer.Revoked ? access : refresh;
    }

    public async Task<AccountAnswer> WhoAsync(OAuthApp app, TokenSet tokens, CancellationToken cancellationToken)
    {
        if (app.UserInfoEndpoint is not { } endpoint)
        {
            return new AccountAnswer.Unavailable("It has no address that tells whose account this is.");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, endpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", tokens.AccessToken);
        var result = await Http.SendAsync(request, cancellationToken);
        if (result is WireResult.Answer { Status: HttpStatusCode.Unauthorized })
        {
            return new AccountAnswer.TokenRefused();
        }

        if (result is not WireResult.Answer { IsSuccess: true } answer || TokenAnswers.Parse(answer.Body) is not { } json || Account(json) is not { } account)
        {
            return new AccountAnswer.Unavailable("It did not say whose account this is.");
        }

        // OIDC Core §5.3.2: both must speak of the same person.
        return IdTokens.Subject(tokens.IdToken) is { } subject && subject != account.Id
            ? new AccountAnswer.Unavailable("Its answers name two different people.")
            : new AccountAnswer.Known(account);
    }

    protected virtual string HintParameter => "login_hint";

    protected virtual ProviderAccount? Account(JsonElement json)
    {
        var id = TokenAnswers.Text(json, "sub") ?? TokenAnswers.Text(json, "id");
        var name = TokenAnswers.Text(json, "email") ?? TokenAnswers.Text(json, "preferred_username") ?? TokenAnswers.Text(json, "name") ?? id;
        return id is { Length: <= 255 } ? new ProviderAccount(id, Shown(name!)) : null;
    }

    protected static string Shown(string name) => new(name.Where(c => !char.IsControl(c)).Take(320).ToArray());

    protected virtual async Task<TokenAnswer> TokenRequestAsync(OAuthApp app, IEnumerable<KeyValuePair<string, string>> fields, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, app.TokenEndpoint) { Content = new FormUrlEncodedContent(fields.Concat(Credentials(app))) };
        return TokenAnswers.Read(await Http.SendAsync(request, cancellationToken));
    }

    protected static RevocationAnswer Revocation(WireResult result) => result switch
    {
        // RFC 7009 §2.2: an unknown token is answered with 200 as well; Google answers 400 invalid_token.
        WireResult.Answer { IsSuccess: true } => RevocationAnswer.Revoked,
        WireResult.Answer { Status: HttpStatusCode.BadRequest } answer
            when TokenAnswers.Parse(answer.Body) is { } json && TokenAnswers.Text(json, "error") is "invalid_token" or "invalid_grant" => RevocationAnswer.Revoked,
        _ => RevocationAnswer.Unavailable,
    };

    private static IEnumerable<KeyValuePair<string, string>> Credentials(OAuthApp app)
    {
        yield return new("client_id", app.ClientId);
        if (app.ClientSecret is { } secret)
        {
            yield return new("client_secret", secret);
        }
    }

    private async Task<RevocationAnswer> RevokeAsync(OAuthApp app, Uri endpoint, string token, string hint, CancellationToken cancellationToken)
    {
        KeyValuePair<string, string>[] fields = [new("token", token), new("token_type_hint", hint)];
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new FormUrlEncodedContent(fields.Concat(Credentials(app))) };
        return Revocation(await Http.SendAsync(request, cancellationToken));
    }
}
