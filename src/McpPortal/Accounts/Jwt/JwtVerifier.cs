using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace McpPortal.Accounts.Jwt;

/// <summary>Verifies signed tokens (RFC 7515, 7519, 8725) of sign-in, back-channel logout and external issuers.</summary>
internal sealed class JwtVerifier(TimeProvider clock)
{
    private const int MaxLength = 32 * 1024;
    private const double LastSecond = 253402300799;

    public async ValueTask<JwtResult> VerifyAsync(string token, JwtRules rules, IJwtKeySource keys, CancellationToken cancellationToken)
    {
        if (token.Length > MaxLength)
        {
            return Refuse("the token is too long");
        }

        var parts = token.Split('.');
        if (parts.Length != 3 || Array.ConvertAll(parts, p => StrictJson.Decode(p)) is not [{ } headerBytes, { } claimBytes, { } signature])
        {
            return Refuse("the token does not have three encoded parts");
        }

        if (StrictJson.ParseObject(headerBytes) is not { } header || StrictJson.ParseObject(claimBytes) is not { } claims)
        {
            return Refuse("the token is not well-formed JSON");
        }

        if (header.Text("alg") is not { } algorithm || !rules.Algorithms.Contains(algorithm, StringComparer.Ordinal))
        {
            return Refuse("its algorithm is not accepted");
        }

        if (header.TryGetProperty("crit", out _) || header.TryGetProperty("b64", out _) || header.TryGetProperty("enc", out _) || header.TryGetProperty("zip", out _))
        {
            return Refuse("it asks for an extension that is not understood");
        }

        if (!TypeFits(header, rules) || (header.TryGetProperty("kid", out var kid) && kid.ValueKind != JsonValueKind.String))
        {
            return Refuse("its header does not fit");
        }

        // Claims before keys: a token for somebody else must not make the portal fetch anything.
        if (Problem(claims, rules) is { } problem)
        {
            return Refuse(problem);
        }

        var issuer = claims.Text("iss")!;
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        foreach (var key in await keys.FindAsync(algorithm, header.Text("kid"), cancellationToken))
        {
            if (key.Fits(algorithm) && KeyServes(key, issuer, claims) && Verifies(key, algorithm, signed, signature))
            {
                return new JwtResult.Valid(claims, algorithm);
            }
        }

        return Refuse("no key of its issuer has signed it");
    }

    private static JwtResult.Refused Refuse(string reason) => new(reason);

    private static bool Verifies(JwtKey key, string algorithm, byte[] signed, byte[] signature)
    {
        try
        {
            return key.Verify(algorithm, signed, signature);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static bool KeyServes(JwtKey key, string issuer, JsonElement claims) =>
        key.Issuer is null || Fill(key.Issuer, claims) == issuer;

    private static bool TypeFits(JsonElement header, JwtRules rules)
    {
        if (!header.TryGetProperty("typ", out var type))
        {
            return rules.Types.Contains("JWT", StringComparer.OrdinalIgnoreCase);
        }

        if (type.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        // RFC 7515 §4.1.9: the prefix application/ may be left out.
        var text = type.GetString()!;
        text = text.StartsWith("application/", StringComparison.OrdinalIgnoreCase) ? text["application/".Length..] : text;
        return rules.Types.Contains(text, StringComparer.OrdinalIgnoreCase);
    }

    private static string? Fill(string issuer, JsonElement claims) =>
        !issuer.Contains(JwtRules.TenantPlaceholder, StringComparison.Ordinal) ? issuer
        : claims.Text("tid") is { } tenant && Guid.TryParseExact(tenant, "D", out _) ? issuer.Replace(JwtRules.TenantPlaceholder, tenant, StringComparison.Ordinal)
        : null;

    private string? Problem(JsonElement claims, JwtRules rules)
    {
        var shared = rules.Issuer.Contains(JwtRules.TenantPlaceholder, StringComparison.Ordinal);
        if (claims.Text("iss") is not { Length: > 0 } issuer || issuer != Fill(rules.Issuer, claims))
        {
            return "it comes from another issuer";
        }

        if ((shared || rules.AllowedTenants.Count > 0) && !rules.AllowedTenants.Contains(claims.Text("tid") ?? "", StringComparer.OrdinalIgnoreCase))
        {
            return "its tenant is not allowed";
        }

        if (!AudienceFits(claims, rules))
        {
            return "it is meant for another audience";
        }

        var now = clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
        var skew = rules.Skew.TotalSeconds;
        if (!Seconds(claims, "exp", out var expires) || expires is null || now >= expires + skew)
        {
            return "it has expired or says no expiry";
        }

        if (!Seconds(claims, "nbf", out var notBefore) || !Seconds(claims, "iat", out var issued) || notBefore > now + skew || issued > now + skew)
        {
            return "it is not valid yet";
        }

        return expires - Math.Min(issued ?? now, now) > rules.MaxLifetime?.TotalSeconds + skew ? "it is good for longer than is accepted" : null;
    }

    private static bool AudienceFits(JsonElement claims, JwtRules rules)
    {
        if (!claims.TryGetProperty("aud", out var audience))
        {
            return false;
        }

        var texts = claims.Texts("aud");
        var all = audience.ValueKind == JsonValueKind.Array ? audience.GetArrayLength() : 1;
        return texts.Count == all && (all == 1 || !rules.SoleAudience) && texts.Any(t => rules.Audiences.Contains(t, StringComparer.Ordinal));
    }

    /// <returns>False when the claim is there and is not a plausible time.</returns>
    private static bool Seconds(JsonElement claims, string name, out double? seconds)
    {
        seconds = null;
        if (!claims.TryGetProperty(name, out var value))
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !(number is >= 0 and <= LastSecond))
        {
            return false;
        }

        seconds = number;
        return true;
    }
}
