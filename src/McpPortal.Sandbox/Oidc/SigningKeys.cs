using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.Oidc;

/// <summary>One RSA and one P-256 key, made at the first start; rotated on demand for tests.</summary>
internal sealed class SigningKeys(SandboxStore store)
{
    /// <summary>A compact JWS (RFC 7515 §7.1) with the active key of the algorithm.</summary>
    public string Sign(JsonObject payload, string type, string algorithm, bool badSignature = false)
    {
        var key = Active().Single(record => record.Algorithm == algorithm);
        var header = new JsonObject { ["alg"] = algorithm, ["typ"] = type, ["kid"] = key.Id };
        var input = $"{Encode(header)}.{Encode(payload)}";
        var signature = SignBytes(key, Encoding.ASCII.GetBytes(input));
        if (badSignature)
        {
            signature[0] ^= 1;
        }

        return $"{input}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>The payload of a token of ours, whatever its age; null when the signature is not ours.</summary>
    public JsonObject? Read(string? token)
    {
        if (token?.Split('.') is not [var header, var payload, var signature])
        {
            return null;
        }

        try
        {
            var id = (string?)JsonNode.Parse(Base64Url.DecodeFromChars(header))?["kid"];
            var key = store.Read(state => state.Keys.FirstOrDefault(record => record.Id == id));
            return key is not null && Verifies(key, Encoding.ASCII.GetBytes($"{header}.{payload}"), Base64Url.DecodeFromChars(signature))
                ? JsonNode.Parse(Base64Url.DecodeFromChars(payload)) as JsonObject
                : null;
        }
        catch (Exception broken) when (broken is FormatException or System.Text.Json.JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    public JsonObject Jwks()
    {
        Active();
        return new JsonObject { ["keys"] = new JsonArray([.. store.Read(state => state.Keys.ToList()).Select(Public)]) };
    }

    /// <summary>New keys sign from now on; the old ones stay published unless dropped.</summary>
    public void Rotate(bool dropOld) => store.Change(state =>
    {
        var old = state.Keys.Select(record => record with { Active = false }).ToList();
        state.Keys.Clear();
        state.Keys.AddRange(Fresh());
        if (!dropOld)
        {
            state.Keys.AddRange(old);
        }

        return true;
    });

    private List<SigningKeyRecord> Active() => store.Read(state => state.Keys.Count > 0)
        ? store.Read(state => state.Keys.Where(record => record.Active).ToList())
        : store.Change(state =>
        {
            if (state.Keys.Count == 0)
            {
                state.Keys.AddRange(Fresh());
            }

            return state.Keys.Where(record => record.Active).ToList();
        });

    private static SigningKeyRecord[] Fresh()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return [new(Randoms.Id(), "RS256", rsa.ExportPkcs8PrivateKeyPem()), new(Randoms.Id(), "ES256", ec.ExportPkcs8PrivateKeyPem())];
    }

    private static byte[] SignBytes(SigningKeyRecord key, byte[] input)
    {
        if (key.Algorithm == "ES256")
        {
            using var ec = Ec(key);
            return ec.SignData(input, HashAlgorithmName.SHA256);
        }

        using var rsa = Rsa(key);
        return rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static bool Verifies(SigningKeyRecord key, byte[] input, byte[] signature)
    {
        if (key.Algorithm == "ES256")
        {
            using var ec = Ec(key);
            return ec.VerifyData(input, signature, HashAlgorithmName.SHA256);
        }

        using var rsa = Rsa(key);
        return rsa.VerifyData(input, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static JsonNode Public(SigningKeyRecord key)
    {
        var jwk = new JsonObject { ["kid"] = key.Id, ["use"] = "sig", ["alg"] = key.Algorithm };
        if (key.Algorithm == "ES256")
        {
            using var ec = Ec(key);
            var point = ec.ExportParameters(includePrivateParameters: false).Q;
            jwk["kty"] = "EC";
            jwk["crv"] = "P-256";
            jwk["x"] = Base64Url.EncodeToString(point.X);
            jwk["y"] = Base64Url.EncodeToString(point.Y);
            return jwk;
        }

        using var rsa = Rsa(key);
        var parameters = rsa.ExportParameters(includePrivateParameters: false);
        jwk["kty"] = "RSA";
        jwk["n"] = Base64Url.EncodeToString(parameters.Modulus);
        jwk["e"] = Base64Url.EncodeToString(parameters.Exponent);
        return jwk;
    }

    private static RSA Rsa(SigningKeyRecord key)
    {
        var rsa = RSA.Create();
        rsa.ImportFromPem(key.Pem);
        return rsa;
    }

    private static ECDsa Ec(SigningKeyRecord key)
    {
        var ec = ECDsa.Create();
        ec.ImportFromPem(key.Pem);
        return ec;
    }

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
