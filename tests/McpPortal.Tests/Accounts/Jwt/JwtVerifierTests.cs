using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Accounts.Jwt;

namespace McpPortal.Tests.Accounts.Jwt;

public sealed class JwtVerifierTests
{
    private static readonly TokenForge Forge = new();
    private static readonly JwtRules Rules = new() { Issuer = TokenForge.Issuer, Audiences = [TokenForge.Audience] };
    private static readonly long Now = TokenForge.Now.ToUnixTimeSeconds();

    private static readonly Dictionary<string, Func<string>> Bad = new(StringComparer.Ordinal)
    {
        ["empty"] = () => "",
        ["two parts"] = () => string.Join('.', Forge.Sign().Split('.')[..2]),
        ["four parts"] = () => Forge.Sign() + ".x",
        ["five parts, encrypted"] = () => "a.b.c.d.e",
        ["no signature"] = () => string.Join('.', Forge.Sign().Split('.')[..2]) + ".",
        ["over 32 KiB"] = () => Forge.Sign(claims: With("pad", new string('x', 33_000))),
        ["padding"] = () => Forge.Sign() + "==",
        ["white space"] = () => Forge.Sign() + "\n",
        ["standard base64"] = () => Forge.Sign().Replace('-', '+').Replace('_', '/') + "+",
        ["loose bits at the end"] = () => LooseBits(Forge.Sign()),
        ["alg none"] = () => Unsigned("none"),
        ["alg None"] = () => Unsigned("None"),
        ["alg none with a signature"] = () => Forge.Sign(TokenForge.Header("none")),
        ["alg missing"] = () => Forge.Sign(new JsonObject { ["kid"] = "rsa" }),
        ["alg a number"] = () => Forge.SignText("""{"alg":256,"kid":"rsa"}""", TokenForge.Claims().ToJsonString()),
        ["alg in lower case"] = () => Forge.Sign(TokenForge.Header("rs256")),
        ["HS256 with the public key as secret"] = () => Hs256(Forge.Rsa.ExportSubjectPublicKeyInfo()),
        ["HS256 with the public key's PEM as secret"] = () => Hs256(Encoding.ASCII.GetBytes(Forge.Rsa.ExportSubjectPublicKeyInfoPem())),
        ["HS256 with the modulus as secret"] = () => Hs256(Forge.Rsa.ExportParameters(false).Modulus!),
        ["right kid, wrong key"] = () => Forge.Sign(key: Forge.OtherRsa),
        ["unknown kid"] = () => Forge.Sign(TokenForge.Header(keyId: "nobody")),
        ["kid a number"] = () => Forge.SignText("""{"alg":"RS256","kid":1}""", TokenForge.Claims().ToJsonString()),
        ["kid a path"] = () => Forge.Sign(TokenForge.Header(keyId: "../../dev/null")),
        ["no kid, wrong key"] = () => Forge.Sign(new JsonObject { ["alg"] = "RS256" }, key: Forge.OtherRsa),
        ["key in the header"] = () => Forge.Sign(new JsonObject { ["alg"] = "RS256", ["jwk"] = TokenForge.Jwk(Forge.OtherRsa, null) }, key: Forge.OtherRsa),
        ["jku in the header"] = () => Forge.Sign(new JsonObject { ["alg"] = "RS256", ["jku"] = "https://evil.example/jwks", ["kid"] = "evil" }, key: Forge.OtherRsa),
        ["x5u in the header"] = () => Forge.Sign(new JsonObject { ["alg"] = "RS256", ["x5u"] = "https://evil.example/x5u" }, key: Forge.OtherRsa),
        ["RS256 kid of an EC key"] = () => Forge.Sign(TokenForge.Header(keyId: "ec")),
        ["PS256 in name only"] = () => Forge.Sign(TokenForge.Header("PS256")),
        ["RS512 in name only"] = () => Forge.Sign(TokenForge.Header("RS512")),
        ["ES256 in DER"] = () => Es("ES256", "ec", b => Forge.Ec.SignData(b, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
        ["ES256 of zeros"] = () => Es("ES256", "ec", _ => new byte[64]),
        ["ES256 with the P-384 key"] = () => Es("ES256", "ec384", b => Forge.Ec384.SignData(b, HashAlgorithmName.SHA256)),
        ["ES384 with the P-256 key"] = () => Es("ES384", "ec", b => Forge.Ec.SignData(b, HashAlgorithmName.SHA384)),
        ["changed claims"] = () => Swap(1, With("sub", "somebody-else").ToJsonString()),
        ["changed header"] = () => Swap(0, """{"alg":"RS256","kid":"rsa","typ":"JWT","x":1}"""),
        ["signature of another token"] = () => Join(Forge.Sign(), Forge.Sign(claims: With("sub", "x"))),
        ["crit"] = () => Forge.SignText("""{"alg":"RS256","kid":"rsa","crit":["exp"]}""", TokenForge.Claims().ToJsonString()),
        ["crit unknown"] = () => Forge.SignText("""{"alg":"RS256","kid":"rsa","crit":["x"],"x":1}""", TokenForge.Claims().ToJsonString()),
        ["b64 false"] = () => Forge.SignText("""{"alg":"RS256","kid":"rsa","b64":false}""", TokenForge.Claims().ToJsonString()),
        ["typ of an access token"] = () => Forge.Sign(new JsonObject { ["alg"] = "RS256", ["kid"] = "rsa", ["typ"] = "at+jwt" }),
        ["typ of a logout token"] = () => Forge.Sign(new JsonObject { ["alg"] = "RS256", ["kid"] = "rsa", ["typ"] = "logout+jwt" }),
        ["typ a number"] = () => Forge.SignText("""{"alg":"RS256","kid":"rsa","typ":1}""", TokenForge.Claims().ToJsonString()),
        ["header twice alg"] = () => Forge.SignText("""{"alg":"RS256","alg":"RS256","kid":"rsa"}""", TokenForge.Claims().ToJsonString()),
        ["claims twice sub"] = () => Forge.SignText(TokenForge.Header().ToJsonString(), TokenForge.Claims().ToJsonString().Replace("{", """{"sub":"admin",""", StringComparison.Ordinal)),
        ["claims twice aud, escaped"] = () => Forge.SignText(TokenForge.Header().ToJsonString(), TokenForge.Claims().ToJsonString().Replace("{", """{"\u0061ud":"other",""", StringComparison.Ordinal)),
        ["claims a list"] = () => Forge.SignText(TokenForge.Header().ToJsonString(), "[]"),
        ["claims not JSON"] = () => Forge.SignText(TokenForge.Header().ToJsonString(), "hello"),
        ["claims with a tail"] = () => Forge.SignText(TokenForge.Header().ToJsonString(), TokenForge.Claims().ToJsonString() + "{}"),
        ["claims 17 deep"] = () => Forge.SignText(TokenForge.Header().ToJsonString(), TokenForge.Claims().ToJsonString().TrimEnd('}') + ",\"d\":" + new string('[', 17) + new string(']', 17) + "}"),
        ["claims with half a surrogate"] = () => Forge.SignText(TokenForge.Header().ToJsonString(), TokenForge.Claims().ToJsonString().TrimEnd('}') + ",\"name\":\"\\ud800\"}"),
        ["iss missing"] = () => Forge.Sign(claims: Less("iss")),
        ["iss of another tenant"] = () => Forge.Sign(claims: With("iss", "https://login.example/other")),
        ["iss with a slash"] = () => Forge.Sign(claims: With("iss", TokenForge.Issuer + "/")),
        ["iss in other case"] = () => Forge.Sign(claims: With("iss", "https://LOGIN.example/realm")),
        ["iss with a port"] = () => Forge.Sign(claims: With("iss", "https://login.example:443/realm")),
        ["iss a list"] = () => Forge.Sign(claims: With("iss", new JsonArray(TokenForge.Issuer))),
        ["aud missing"] = () => Forge.Sign(claims: Less("aud")),
        ["aud wrong"] = () => Forge.Sign(claims: With("aud", "another")),
        ["aud in other case"] = () => Forge.Sign(claims: With("aud", "Portal")),
        ["aud a prefix"] = () => Forge.Sign(claims: With("aud", "portal2")),
        ["aud empty list"] = () => Forge.Sign(claims: With("aud", new JsonArray())),
        ["aud list without ours"] = () => Forge.Sign(claims: With("aud", new JsonArray("a", "b"))),
        ["aud list with a number"] = () => Forge.Sign(claims: With("aud", new JsonArray("portal", 1))),
        ["aud an object"] = () => Forge.Sign(claims: With("aud", new JsonObject { ["portal"] = true })),
        ["aud null"] = () => Forge.Sign(claims: With("aud", null)),
        ["exp missing"] = () => Forge.Sign(claims: Less("exp")),
        ["exp a string"] = () => Forge.Sign(claims: With("exp", (Now + 300).ToString(System.Globalization.CultureInfo.InvariantCulture))),
        ["exp null"] = () => Forge.Sign(claims: With("exp", null)),
        ["exp negative"] = () => Forge.Sign(claims: With("exp", -1)),
        ["exp over all bounds"] = () => Forge.SignText(TokenForge.Header().ToJsonString(), Less("exp").ToJsonString().TrimEnd('}') + ",\"exp\":1e999}"),
        ["exp 70 s ago"] = () => Forge.Sign(claims: With("exp", Now - 70)),
        ["exp 60 s ago"] = () => Forge.Sign(claims: With("exp", Now - 60)),
        ["nbf in 70 s"] = () => Forge.Sign(claims: With("nbf", Now + 70)),
        ["nbf a string"] = () => Forge.Sign(claims: With("nbf", "0")),
        ["iat in 70 s"] = () => Forge.Sign(claims: With("iat", Now + 70)),
        ["iat far away"] = () => Forge.Sign(claims: With("iat", 99999999999999)),
        ["iat a boolean"] = () => Forge.Sign(claims: With("iat", true)),
    };

    private static readonly Dictionary<string, Func<string>> Good = new(StringComparer.Ordinal)
    {
        ["RS256"] = () => Forge.Sign(),
        ["PS256"] = () => TokenForge.SignWith(TokenForge.Header("PS256"), TokenForge.Claims(), b => Forge.Rsa.SignData(b, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)),
        ["RS512"] = () => TokenForge.SignWith(TokenForge.Header("RS512"), TokenForge.Claims(), b => Forge.Rsa.SignData(b, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)),
        ["ES256"] = () => Es("ES256", "ec", b => Forge.Ec.SignData(b, HashAlgorithmName.SHA256)),
        ["ES384"] = () => Es("ES384", "ec384", b => Forge.Ec384.SignData(b, HashAlgorithmName.SHA384)),
        ["no kid"] = () => Forge.Sign(new JsonObject { ["alg"] = "RS256" }),
        ["typ application/jwt"] = () => Forge.Sign(new JsonObject { ["alg"] = "RS256", ["kid"] = "rsa", ["typ"] = "application/jwt" }),
        ["aud list with ours"] = () => Forge.Sign(claims: With("aud", new JsonArray("other", "portal"))),
        ["exp 50 s ago"] = () => Forge.Sign(claims: With("exp", Now - 50)),
        ["nbf in 50 s"] = () => Forge.Sign(claims: With("nbf", Now + 50)),
        ["iat in 50 s"] = () => Forge.Sign(claims: With("iat", Now + 50)),
        ["exp with a fraction"] = () => Forge.Sign(claims: With("exp", Now + 0.5)),
        ["emoji in the name"] = () => Forge.Sign(claims: With("name", "Ana 🙂")),
    };

    public static TheoryData<string> BadNames => [.. Bad.Keys];

    public static TheoryData<string> GoodNames => [.. Good.Keys];

    [Theory]
    [MemberData(nameof(BadNames))]
    public async Task A_bad_token_is_refused(string name)
    {
        var result = await VerifyAsync(Bad[name](), Rules);
        var refused = Assert.IsType<JwtResult.Refused>(result);
        Assert.NotEmpty(refused.Reason);
    }

    [Theory]
    [MemberData(nameof(GoodNames))]
    public async Task A_good_token_is_accepted(string name) => Assert.IsType<JwtResult.Valid>(await VerifyAsync(Good[name](), Rules));

    [Fact]
    public void The_table_of_bad_tokens_is_long_enough() => Assert.True(Bad.Count >= 38, $"{Bad.Count} cases");

    [Fact]
    public async Task Every_flipped_signature_byte_is_noticed()
    {
        var parts = Forge.Sign().Split('.');
        var signature = Base64Url.DecodeFromChars(parts[2]);
        for (var i = 0; i < signature.Length; i++)
        {
            signature[i] ^= 1;
            Assert.IsType<JwtResult.Refused>(await VerifyAsync($"{parts[0]}.{parts[1]}.{Base64Url.EncodeToString(signature)}", Rules));
            signature[i] ^= 1;
        }
    }

    [Fact]
    public async Task An_algorithm_outside_the_configured_list_is_refused() =>
        Assert.IsType<JwtResult.Refused>(await VerifyAsync(Forge.Sign(), Rules with { Algorithms = ["ES256"] }));

    [Fact]
    public async Task A_token_for_somebody_else_fetches_no_keys()
    {
        var fetches = 0;
        using var keys = new JwksCache(_ => { fetches++; return Task.FromResult<byte[]?>(Forge.Set()); }, new ManualClock(TokenForge.Now));
        var verifier = new JwtVerifier(new ManualClock(TokenForge.Now));
        await verifier.VerifyAsync(Forge.Sign(claims: With("iss", "https://evil.example")), Rules, keys, TestContext.Current.CancellationToken);
        await verifier.VerifyAsync(Unsigned("none"), Rules, keys, TestContext.Current.CancellationToken);
        Assert.Equal(0, fetches);
    }

    [Fact]
    public async Task A_shared_secret_verifies_HS256_and_nothing_else()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        var rules = Rules with { Algorithms = ["HS256"] };
        var keys = new SharedSecretKey(secret);
        var verifier = new JwtVerifier(new ManualClock(TokenForge.Now));
        Assert.IsType<JwtResult.Valid>(await verifier.VerifyAsync(Hs256(secret), rules, keys, TestContext.Current.CancellationToken));
        Assert.IsType<JwtResult.Refused>(await verifier.VerifyAsync(Hs256(RandomNumberGenerator.GetBytes(32)), rules, keys, TestContext.Current.CancellationToken));
        Assert.IsType<JwtResult.Refused>(await verifier.VerifyAsync(Forge.Sign(), Rules, keys, TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>(() => new SharedSecretKey(new byte[31]));
    }

    [Theory]
    [InlineData("9122040d-6c67-4c5b-b112-36a304b66dad", "9122040d-6c67-4c5b-b112-36a304b66dad", true)]
    [InlineData("9122040d-6c67-4c5b-b112-36a304b66dae", "9122040d-6c67-4c5b-b112-36a304b66dae", false)]
    [InlineData("9122040d-6c67-4c5b-b112-36a304b66dad", "9122040d-6c67-4c5b-b112-36a304b66dae", false)]
    [InlineData("{tenantid}", "{tenantid}", false)]
    [InlineData("x/../9122040d-6c67-4c5b-b112-36a304b66dad", "x/../9122040d-6c67-4c5b-b112-36a304b66dad", false)]
    public async Task A_shared_issuer_takes_only_allowed_tenants(string issuerTenant, string tid, bool accepted)
    {
        var rules = Rules with { Issuer = "https://login.example/{tenantid}/v2.0", AllowedTenants = ["9122040d-6c67-4c5b-b112-36a304b66dad"] };
        var claims = TokenForge.Claims();
        claims["iss"] = $"https://login.example/{issuerTenant}/v2.0";
        claims["tid"] = tid;
        Assert.Equal(accepted, await VerifyAsync(Forge.Sign(claims: claims), rules) is JwtResult.Valid);
    }

    [Fact]
    public async Task A_shared_issuer_without_a_list_of_tenants_takes_nobody()
    {
        var claims = TokenForge.Claims();
        claims["iss"] = "https://login.example/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0";
        claims["tid"] = "9122040d-6c67-4c5b-b112-36a304b66dad";
        Assert.IsType<JwtResult.Refused>(await VerifyAsync(Forge.Sign(claims: claims), Rules with { Issuer = "https://login.example/{tenantid}/v2.0" }));
    }

    [Theory]
    [InlineData("https://login.example/realm", true)]
    [InlineData("https://login.example/other", false)]
    public async Task A_key_limited_to_an_issuer_serves_only_that_one(string keyIssuer, bool accepted)
    {
        var key = TokenForge.Jwk(Forge.Rsa, "rsa");
        key["issuer"] = keyIssuer;
        Assert.Equal(accepted, await VerifyAsync(Forge.Sign(), Rules, TokenForge.Set(key)) is JwtResult.Valid);
    }

    private static async Task<JwtResult> VerifyAsync(string token, JwtRules rules, byte[]? keySet = null)
    {
        using var keys = new JwksCache(_ => Task.FromResult<byte[]?>(keySet ?? Forge.Set()), new ManualClock(TokenForge.Now));
        return await new JwtVerifier(new ManualClock(TokenForge.Now)).VerifyAsync(token, rules, keys, TestContext.Current.CancellationToken);
    }

    private static JsonObject With(string name, JsonNode? value)
    {
        var claims = TokenForge.Claims();
        claims[name] = value;
        return claims;
    }

    private static JsonObject Less(string name)
    {
        var claims = TokenForge.Claims();
        claims.Remove(name);
        return claims;
    }

    private static string Unsigned(string algorithm) => $"{TokenForge.Encode(TokenForge.Header(algorithm).ToJsonString())}.{TokenForge.Encode(TokenForge.Claims().ToJsonString())}.";

    private static string Hs256(byte[] secret) => TokenForge.SignWith(TokenForge.Header("HS256"), TokenForge.Claims(), b => HMACSHA256.HashData(secret, b));

    private static string Es(string algorithm, string keyId, Func<byte[], byte[]> sign) => TokenForge.SignWith(TokenForge.Header(algorithm, keyId), TokenForge.Claims(), sign);

    private static string Swap(int part, string text)
    {
        var parts = Forge.Sign().Split('.');
        parts[part] = TokenForge.Encode(text);
        return string.Join('.', parts);
    }

    private static string Join(string one, string other) => string.Join('.', [.. one.Split('.')[..2], other.Split('.')[2]]);

    /// <summary>256 signature bytes leave four unused bits in the last character; setting one must not give a second spelling.</summary>
    private static string LooseBits(string token)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return token[..^1] + Alphabet[Alphabet.IndexOf(token[^1], StringComparison.Ordinal) | 1];
    }
}
