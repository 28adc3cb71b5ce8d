using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace McpPortal.Accounts.Jwt;

/// <summary>One verification key. It fits only algorithms of its own type, so that no key is ever read as another kind.</summary>
internal abstract class JwtKey(string? keyId, string? algorithm, string? issuer)
{
    public string? KeyId { get; } = keyId;

    /// <summary>The issuer this key is limited to (Entra writes one per key in its shared set).</summary>
    public string? Issuer { get; } = issuer;

    public bool Fits(string tokenAlgorithm) => (algorithm is null || algorithm == tokenAlgorithm) && FitsKind(tokenAlgorithm);

    public abstract bool Verify(string tokenAlgorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature);

    protected abstract bool FitsKind(string tokenAlgorithm);

    protected static HashAlgorithmName HashOf(string tokenAlgorithm) => tokenAlgorithm[2..] switch
    {
        "256" => HashAlgorithmName.SHA256,
        "384" => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    public sealed class Rsa(string? keyId, string? algorithm, string? issuer, RSAParameters parameters) : JwtKey(keyId, algorithm, issuer)
    {
        private readonly ConcurrentBag<RSA> _pool = [RSA.Create(parameters)];

        public override bool Verify(string tokenAlgorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
        {
            var key = _pool.TryTake(out var pooled) ? pooled : RSA.Create(parameters);
            try
            {
                var padding = tokenAlgorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
                return key.VerifyData(signed, signature, HashOf(tokenAlgorithm), padding);
            }
            finally
            {
                _pool.Add(key);
            }
        }

        protected override bool FitsKind(string tokenAlgorithm) => tokenAlgorithm.StartsWith("RS", StringComparison.Ordinal) || tokenAlgorithm.StartsWith("PS", StringComparison.Ordinal);
    }

    public sealed class Ec(string? keyId, string? algorithm, string? issuer, ECParameters parameters, string curveAlgorithm) : JwtKey(keyId, algorithm, issuer)
    {
        private readonly ConcurrentBag<ECDsa> _pool = [ECDsa.Create(parameters)];

        public override bool Verify(string tokenAlgorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
        {
            var key = _pool.TryTake(out var pooled) ? pooled : ECDsa.Create(parameters);
            try
            {
                return key.VerifyData(signed, signature, HashOf(tokenAlgorithm), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }
            finally
            {
                _pool.Add(key);
            }
        }

        protected override bool FitsKind(string tokenAlgorithm) => tokenAlgorithm == curveAlgorithm;
    }

    public sealed class Hmac(byte[] secret) : JwtKey(keyId: null, "HS256", issuer: null)
    {
        public override bool Verify(string tokenAlgorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
        {
            Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
            HMACSHA256.HashData(secret, signed, expected);
            return CryptographicOperations.FixedTimeEquals(expected, signature);
        }

        protected override bool FitsKind(string tokenAlgorithm) => tokenAlgorithm == "HS256";
    }
}
