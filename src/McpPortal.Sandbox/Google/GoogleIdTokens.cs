using System.Text.Json.Nodes;
using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.Oidc;
using McpPortal.Sandbox.People;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.Google;

/// <summary>The ID token that comes along when <c>openid</c> was granted.</summary>
internal sealed class GoogleIdTokens(SigningKeys keys, GoogleIssuer issuer, TimeProvider time)
{
    public string? Create(IssuedTokens tokens, string? nonce)
    {
        if (!tokens.Family.Scopes.Contains("openid"))
        {
            return null;
        }

        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var payload = new JsonObject
        {
            ["iss"] = issuer.InIdToken,
            ["aud"] = tokens.Family.ClientId,
            ["azp"] = tokens.Family.ClientId,
            ["iat"] = now,
            ["exp"] = now + 3600,
        };
        if (nonce is not null)
        {
            payload["nonce"] = nonce;
        }

        return keys.Sign(Describe(payload, tokens.Family), "JWT", "RS256");
    }

    public static JsonObject Describe(JsonObject claims, TokenFamily family)
    {
        claims["sub"] = Subject(family.Account);
        if (family.Scopes.Any(scope => scope is "email" or "https://www.googleapis.com/auth/userinfo.email"))
        {
            claims["email"] = family.Account;
            claims["email_verified"] = true;
        }

        if (family.Scopes.Any(scope => scope is "profile" or "https://www.googleapis.com/auth/userinfo.profile"))
        {
            claims["name"] = Residents.Find(family.Account)!.DisplayName;
        }

        return claims;
    }

    /// <summary>Digits as Google's, the same at each start.</summary>
    private static string Subject(string account) => $"1{Convert.ToUInt64(Randoms.Hash(account)[..15], 16):D19}";
}
