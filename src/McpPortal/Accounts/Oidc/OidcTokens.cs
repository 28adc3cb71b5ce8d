using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using McpPortal.Accounts.Jwt;
using McpPortal.Outbound;

namespace McpPortal.Accounts.Oidc;

/// <summary>Redeems a code and turns the tokens into a verified identity.</summary>
internal sealed class OidcTokens(OidcProvider provider, JwtVerifier verifier, OutboundGuard guard, ILogger<OidcTokens> logger)
{
    private const int MaxAnswer = 256 * 1024;

    private OidcSettings Settings => provider.Settings;

    /// <returns>The token endpoint's answer, or null; the log says why without quoting the answer.</returns>
    public async Task<JsonDocument?> ExchangeAsync(OidcMetadata metadata, string code, string redirectUri, string codeVerifier, CancellationToken cancellationToken)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = redirectUri,
            ["code_verifier"] = codeVerifier,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, metadata.TokenEndpoint);
        Authenticate(request, form, metadata);
        request.Content = new FormUrlEncodedContent(form);
        if (await SendAsync(request, "token endpoint", metadata, cancellationToken) is not { } answer)
        {
            return null;
        }

        if (!string.Equals(answer.Body.Text("token_type"), "Bearer", StringComparison.OrdinalIgnoreCase) || answer.Status != HttpStatusCode.OK || answer.Body.TryGetProperty("error", out _))
        {
            OidcLog.ExchangeFailed(logger, metadata.Issuer, (int)answer.Status, KnownError(answer.Body.Text("error")));
            return null;
        }

        return JsonSerializer.SerializeToDocument(answer.Body);
    }

    public async Task<(OidcIdentity? Identity, string? Problem)> VerifyAsync(OidcMetadata metadata, string idToken, string nonce, string accessToken, CancellationToken cancellationToken)
    {
        var result = await verifier.VerifyAsync(idToken, provider.Rules(metadata, "JWT"), provider.Keys, cancellationToken);
        if (result is not JwtResult.Valid valid)
        {
            return (null, ((JwtResult.Refused)result).Reason);
        }

        var claims = valid.Claims;
        if (Problem(claims, valid.Algorithm, nonce, accessToken) is { } problem)
        {
            return (null, problem);
        }

        var userInfo = await UserInfoAsync(metadata, claims.Text("sub")!, accessToken, cancellationToken);
        string? Either(string name) => claims.Text(name) ?? userInfo?.Text(name);
        IEnumerable<string> Both(string name) => claims.Texts(name).Concat(userInfo?.Texts(name) ?? []);

        // The address and its verification must come from the same place.
        var emailFrom = claims.Text("email") is not null ? claims : userInfo;
        return (new OidcIdentity
        {
            Issuer = claims.Text("iss")!,
            Subject = claims.Text("sub")!,
            Name = Either("name") ?? Either("preferred_username"),
            Email = emailFrom?.Text("email"),
            EmailVerified = emailFrom is { } source && source.TryGetProperty("email_verified", out var verified)
                && (verified.ValueKind == JsonValueKind.True || (verified.ValueKind == JsonValueKind.String && verified.GetString() == "true")),
            RoleValues = [.. Both(Settings.RoleClaim).Concat(Both(Settings.GroupsClaim)).Distinct(StringComparer.Ordinal)],
            SessionId = claims.Text("sid"),
            Tenant = claims.Text("tid"),
        }, null);
    }

    private static string KnownError(string? error) =>
        error is { Length: <= 64 } && error.All(c => char.IsAsciiLetterLower(c) || c == '_') ? error : "no error code";

    private string? Problem(JsonElement claims, string algorithm, string nonce, string accessToken)
    {
        if (claims.Text("sub") is not { Length: > 0 and <= 255 })
        {
            return "it names no subject";
        }

        if (!claims.TryGetProperty("iat", out _))
        {
            return "it does not say when it was issued";
        }

        if (nonce.Length == 0 || !FixedTimeEquals(claims.Text("nonce") ?? "", nonce))
        {
            return "its nonce is not the one of this sign-in";
        }

        var audiences = claims.Texts("aud").Count;
        var party = claims.Text("azp");
        if ((audiences > 1 || claims.TryGetProperty("azp", out _)) && party != Settings.ClientId)
        {
            return "it was issued to another client";
        }

        return claims.TryGetProperty("at_hash", out _) && claims.Text("at_hash") != AccessTokenHash(algorithm, accessToken)
            ? "it belongs to another access token"
            : null;
    }

    private static bool FixedTimeEquals(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(one)), SHA256.HashData(Encoding.UTF8.GetBytes(other)));

    /// <summary>OpenID Connect Core §3.1.3.6: the left half of the hash that the signature uses.</summary>
    private static string AccessTokenHash(string algorithm, string accessToken)
    {
        var bytes = Encoding.ASCII.GetBytes(accessToken);
        var hash = algorithm[2..] switch
        {
            "256" => SHA256.HashData(bytes),
            "384" => SHA384.HashData(bytes),
            _ => SHA512.HashData(bytes),
        };
        return System.Buffers.Text.Base64Url.EncodeToString(hash.AsSpan(0, hash.Length / 2));
    }

    private void Authenticate(HttpRequestMessage request, Dictionary<string, string> form, OidcMetadata metadata)
    {
        var method = Settings.ClientAuthentication;
        if (method == OidcClientAuthentication.Auto)
        {
            // RFC 8414 §2: an absent list means client_secret_basic.
            method = Settings.ClientSecret.Length == 0 ? OidcClientAuthentication.None
                : metadata.TokenAuthentication.FirstOrDefault(m => m is "client_secret_basic" or "client_secret_post") == "client_secret_post" ? OidcClientAuthentication.Post
                : OidcClientAuthentication.Basic;
        }

        if (method == OidcClientAuthentication.Basic)
        {
            // RFC 6749 §2.3.1: both parts are form-encoded first.
            var pair = $"{WebUtility.UrlEncode(Settings.ClientId)}:{WebUtility.UrlEncode(Settings.ClientSecret)}";
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(pair)));
            return;
        }

        form["client_id"] = Settings.ClientId;
        if (method == OidcClientAuthentication.Post)
        {
            form["client_secret"] = Settings.ClientSecret;
        }
    }

    /// <summary>Extra claims; used only when they are about the same subject (OpenID Connect Core §5.3.2).</summary>
    private async Task<JsonElement?> UserInfoAsync(OidcMetadata metadata, string subject, string accessToken, CancellationToken cancellationToken)
    {
        if (!Settings.UserInfo || metadata.UserInfoEndpoint is null)
        {
            return null;
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, metadata.UserInfoEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        if (await SendAsync(request, "userinfo endpoint", metadata, cancellationToken) is not { Status: HttpStatusCode.OK } answer)
        {
            return null;
        }

        if (answer.Body.Text("sub") == subject)
        {
            return answer.Body;
        }

        OidcLog.EndpointFailed(logger, "userinfo endpoint", metadata.Issuer, "it answered for another subject");
        return null;
    }

    private async Task<Answer?> SendAsync(HttpRequestMessage request, string endpoint, OidcMetadata metadata, CancellationToken cancellationToken)
    {
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        var problem = "its answer is not well-formed JSON";
        try
        {
            using var client = guard.Create(OutboundPurpose.SignIn);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (StrictJson.ParseObject(await response.ReadCappedAsync(MaxAnswer, cancellationToken)) is { } body)
            {
                return new Answer(response.StatusCode, body);
            }
        }
        catch (OutboundRefusedException e)
        {
            problem = e.Message;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            problem = "it could not be reached";
        }

        OidcLog.EndpointFailed(logger, endpoint, metadata.Issuer, problem);
        return null;
    }

    private sealed record Answer(HttpStatusCode Status, JsonElement Body)
    {
        public override string ToString() => nameof(Answer);
    }
}
