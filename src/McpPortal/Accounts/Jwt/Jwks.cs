using System.Security.Cryptography;
using System.Text.Json;

namespace McpPortal.Accounts.Jwt;

/// <summary>Reads a JSON Web Key Set (RFC 7517) key by key: what cannot verify signatures safely is skipped, the rest stays usable.</summary>
internal static class Jwks
{
    private const int MaxKeys = 100;

    public static IReadOnlyList<JwtKey>? Parse(ReadOnlySpan<byte> utf8)
    {
        if (StrictJson.ParseObject(utf8) is not { } document || !document.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        return [.. keys.EnumerateArray().Take(MaxKeys).Select(ParseKey).OfType<JwtKey>()];
    }

    private static JwtKey? ParseKey(JsonElement key)
    {
        if (key.ValueKind != JsonValueKind.Object || !MayVerify(key))
        {
            return null;
        }

        try
        {
            return key.Text("kty") switch
            {
                "RSA" => ParseRsa(key),
                "EC" => ParseEc(key),
                _ => null,
            };
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static bool MayVerify(JsonElement key) =>
        (!key.TryGetProperty("use", out _) || key.Text("use") == "sig")
        && (!key.TryGetProperty("key_ops", out _) || key.Texts("key_ops").Contains("verify", StringComparer.Ordinal))
        && (!key.TryGetProperty("alg", out _) || key.Text("alg") is not null)
        && (!key.TryGetProperty("kid", out _) || key.Text("kid") is not null);

    private static JwtKey.Rsa? ParseRsa(JsonElement key)
    {
        var modulus = StrictJson.Decode(key.Text("n"))?.AsSpan().TrimStart((byte)0).ToArray();
        var exponent = StrictJson.Decode(key.Text("e"))?.AsSpan().TrimStart((byte)0).ToArray();
        if (modulus is null || exponent is null || modulus.Length is < 256 or > 1024 || (modulus.Length == 256 && modulus[0] < 0x80))
        {
            return null;
        }

        // An exponent of 1 or an even one makes every signature valid, or none.
        if (exponent.Length is 0 or > 4 || (exponent[^1] & 1) == 0 || (exponent.Length == 1 && exponent[0] < 3))
        {
            return null;
        }

        return new JwtKey.Rsa(key.Text("kid"), key.Text("alg"), key.Text("issuer"), new RSAParameters { Modulus = modulus, Exponent = exponent });
    }

    private static JwtKey.Ec? ParseEc(JsonElement key)
    {
        (ECCurve Curve, int Size, string Algorithm)? named = key.Text("crv") switch
        {
            "P-256" => (ECCurve.NamedCurves.nistP256, 32, "ES256"),
            "P-384" => (ECCurve.NamedCurves.nistP384, 48, "ES384"),
            "P-521" => (ECCurve.NamedCurves.nistP521, 66, "ES512"),
            _ => null,
        };
        var x = StrictJson.Decode(key.Text("x"));
        var y = StrictJson.Decode(key.Text("y"));
        if (named is not { } curve || x?.Length != curve.Size || y?.Length != curve.Size)
        {
            return null;
        }

        var parameters = new ECParameters { Curve = curve.Curve, Q = new ECPoint { X = x, Y = y } };
        return new JwtKey.Ec(key.Text("kid"), key.Text("alg"), key.Text("issuer"), parameters, curve.Algorithm);
    }
}
