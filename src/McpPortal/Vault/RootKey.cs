using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Vault;

/// <summary>The 256-bit key at the top of the hierarchy. It wraps the ring and nothing else.</summary>
internal sealed class RootKey : IDisposable
{
    public const int Length = 32;

    private readonly byte[] _key = GC.AllocateUninitializedArray<byte>(Length, pinned: true);

    private RootKey(ReadOnlySpan<byte> key)
    {
        key.CopyTo(_key);
        Fingerprint = Convert.ToHexStringLower(HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, 8, info: "mcpportal root fingerprint"u8.ToArray()));
    }

    /// <summary>16 hex digits derived from the key, safe to print and to store.</summary>
    public string Fingerprint { get; }

    public static RootKey Generate()
    {
        Span<byte> key = stackalloc byte[Length];
        RandomNumberGenerator.Fill(key);
        try
        {
            return new RootKey(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Reads base64 text, refusing what cannot have come from a random generator.</summary>
    /// <param name="text">Base64 of exactly 32 bytes; white space around it is ignored.</param>
    /// <param name="source">How the operator knows the source, for messages.</param>
    public static RootKey Parse(ReadOnlySpan<char> text, string source)
    {
        Span<byte> key = stackalloc byte[Length + 3];
        try
        {
            if (!Convert.TryFromBase64Chars(text.Trim(), key, out var written) || written != Length)
            {
                throw new RootKeyException($"{source} does not hold a root key: 32 bytes as base64 are expected. Restore the key of this installation.");
            }

            if (IsWeak(key[..Length]))
            {
                throw new RootKeyException($"{source} holds a key that anybody could guess. Make one with 'infra/portal keys init'.");
            }

            return new RootKey(key[..Length]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The key as base64 text, for writing a new key file.</summary>
    public string Export() => Convert.ToBase64String(_key);

    /// <summary>Derives the key that wraps one purpose of the ring (RFC 5869).</summary>
    public byte[] DeriveWrappingKey(string purpose)
    {
        var key = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, key, [], Encoding.UTF8.GetBytes($"mcpportal ring {purpose}"));
        return key;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_key);

    public override string ToString() => $"root key {Fingerprint}";

    /// <summary>All equal, counting up, or printable text: sample keys and passwords, not random bytes.</summary>
    private static bool IsWeak(ReadOnlySpan<byte> key)
    {
        var distinct = new HashSet<byte>();
        var printable = true;
        var counting = true;
        for (var i = 0; i < key.Length; i++)
        {
            distinct.Add(key[i]);
            printable &= key[i] is >= 0x20 and < 0x7f;
            counting &= i == 0 || (byte)(key[i - 1] + 1) == key[i];
        }

        return distinct.Count < 8 || printable || counting;
    }
}
