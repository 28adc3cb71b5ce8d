using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.OAuth;
using McpPortal.Sandbox.People;

namespace McpPortal.Sandbox.Oidc;

/// <summary>ID tokens and logout tokens.</summary>
internal sealed class OidcTokens(SigningKeys keys, SandboxAddress address, FaultSwitches faults, TimeProvider time)
{
    public static readonly TokenRules Rules = new()
    {
        AccessPrefix = "sandbox-oidc-access-",
        RefreshPrefix = "sandbox-oidc-refresh-",
        AccessLifetime = TimeSpan.FromHours(1),
        Rotate = true,
    };

    public string IdToken(Person person, SandboxClient client, IssuedTokens tokens, IssuedCode? code)
    {
        var fault = faults.For("oidc/token");
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var payload = new JsonObject
        {
            ["iss"] = fault.Issuer ?? address.Value,
            ["aud"] = fault.Audience ?? client.Id,
            ["iat"] = now,
            ["exp"] = now + 3600,
            ["at_hash"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(tokens.AccessToken)).AsSpan(0, 16)),
        };
        if (code is not null)
        {
            payload["auth_time"] = code.SignedInAt.ToUnixTimeSeconds();
        }

        if (tokens.Family.SessionId is { } session)
        {
            payload["sid"] = session;
        }

        if ((fault.Nonce ?? code?.Nonce) is { } nonce)
        {
            payload["nonce"] = nonce;
        }

        Describe(payload, person, tokens.Family.Scopes);
        return keys.Sign(payload, "JWT", client.IdTokenAlgorithm, fault.BadSignature);
    }

    /// <summary>OpenID Connect Back-Channel Logout 1.0 §2.4: no nonce, the event, <c>sub</c> and <c>sid</c>.</summary>
    public string LogoutToken(Person person, SandboxClient client, string sessionId)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var payload = new JsonObject
        {
            ["iss"] = address.Value,
            ["aud"] = client.Id,
            ["iat"] = now,
            ["exp"] = now + 120,
            ["jti"] = Randoms.Id(),
            ["sub"] = person.Subject,
            ["sid"] = sessionId,
            ["events"] = new JsonObject { ["http://schemas.openid.net/event/backchannel-logout"] = new JsonObject() },
        };
        return keys.Sign(payload, "logout+jwt", client.IdTokenAlgorithm);
    }

    public static JsonObject UserInfo(Person person, IReadOnlyList<string> scopes) => Describe([], person, scopes);

    private static JsonObject Describe(JsonObject claims, Person person, IReadOnlyList<string> scopes)
    {
        claims["sub"] = person.Subject;
        if (scopes.Contains("profile"))
        {
            claims["name"] = person.DisplayName;
            claims["preferred_username"] = person.Name;
        }

        if (scopes.Contains("email"))
        {
            claims["email"] = person.Email;
            claims["email_verified"] = true;
        }

        if (person.IsAdmin)
        {
            claims["roles"] = new JsonArray("admin");
        }

        return claims;
    }
}
