using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace McpPortal.Tests.Accounts.Jwt;

/// <summary>Makes tokens, good and bad, and the key sets that go with them.</summary>
internal sealed class TokenForge
{
    public const string Issuer = "https://login.example/realm";
    public const string Audience = "portal";
    public static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    public RSA Rsa { get; } = RSA.Create(2048);

    public RSA OtherRsa { get; } = RSA.Create(2048);

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ECDsa Ec384 { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public static JsonObject Header(string algorithm = "RS256", string? keyId = "rsa") => new() { ["alg"] = algorithm, ["typ"] = "JWT", ["kid"] = keyId };

    public static JsonObject Claims() => new()
    {
        ["iss"] = Issuer,
        ["aud"] = Audience,
        ["sub"] = "subject-1",
        ["iat"] = Now.ToUnixTimeSeconds(),
        ["exp"] = Now.ToUnixTimeSeconds() + 300,
    };

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    public string Sign(JsonObject? header = null, JsonObject? claims = null, RSA? key = null) =>
        SignText((header ?? Header()).ToJsonString(), (claims ?? Claims()).ToJsonString(), key);

    /// <summary>RS256 over exactly this text, so that it may be no JSON at all.</summary>
    public string SignText(string header, string claims, RSA? key = null)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString((key ?? Rsa).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    public static string SignWith(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Encode(header.ToJsonString())}.{Encode(claims.ToJsonString())}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public static JsonObject Jwk(RSA key, string? keyId, string? algorithm = null, string? use = "sig")
    {
        var parameters = key.ExportParameters(false);
        return Without(new JsonObject
        {
            ["kty"] = "RSA",
            ["kid"] = keyId,
            ["alg"] = algorithm,
            ["use"] = use,
            ["n"] = Base64Url.EncodeToString(parameters.Modulus),
            ["e"] = Base64Url.EncodeToString(parameters.Exponent),
        });
    }

    public static JsonObject Jwk(ECDsa key, string? keyId, string curve, string? use = "sig")
    {
        var parameters = key.ExportParameters(false);
        return Without(new JsonObject
        {
            ["kty"] = "EC",
            ["kid"] = keyId,
            ["use"] = use,
            ["crv"] = curve,
            ["x"] = Base64Url.EncodeToString(parameters.Q.X),
            ["y"] = Base64Url.EncodeToString(parameters.Q.Y),
        });
    }

    public static byte[] Set(params JsonNode[] keys) => Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = new JsonArray(keys) }.ToJsonString());

    public byte[] Set() => Set(Jwk(Rsa, "rsa"), Jwk(Ec, "ec", "P-256"), Jwk(Ec384, "ec384", "P-384"));

    private static JsonObject Without(JsonObject key)
    {
        foreach (var name in key.Where(p => p.Value is null).Select(p => p.Key).ToArray())
        {
            key.Remove(name);
        }

        return key;
    }
}
