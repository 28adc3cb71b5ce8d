using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Vault;

/// <summary>Wraps a key under another one: version, nonce, ciphertext, tag (AES-256-GCM), bound to what the key is and whose.</summary>
internal static class KeyWrap
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private const byte Version = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int Overhead = 1 + NonceLength + TagLength;

    public static byte[] Wrap(ReadOnlySpan<byte> wrappingKey, ReadOnlySpan<byte> key, ReadOnlySpan<byte> additionalData)
    {
        var wrapped = new byte[Overhead + key.Length];
        wrapped[0] = Version;
        var nonce = wrapped.AsSpan(1, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(wrappingKey, TagLength);
        aes.Encrypt(nonce, key, wrapped.AsSpan(1 + NonceLength, key.Length), wrapped.AsSpan(1 + NonceLength + key.Length), additionalData);
        return wrapped;
    }

    /// <summary>Throws <see cref="CryptographicException"/> for another key, other additional data or a changed byte.</summary>
    public static byte[] Unwrap(ReadOnlySpan<byte> wrappingKey, ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> additionalData)
    {
        if (wrapped.Length < Overhead || wrapped[0] != Version)
        {
            throw new CryptographicException("The wrapped key has an unknown format.");
        }

        var length = wrapped.Length - Overhead;
        var key = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        using var aes = new AesGcm(wrappingKey, TagLength);
        aes.Decrypt(wrapped.Slice(1, NonceLength), wrapped.Slice(1 + NonceLength, length), wrapped[(1 + NonceLength + length)..], key, additionalData);
        return key;
    }

    /// <summary>Joins fields with their lengths, so that ("a|b", "c") and ("a", "b|c") differ.</summary>
    public static byte[] Fields(params ReadOnlySpan<string> fields)
    {
        // Half a character has no bytes of its own: replaced silently, two different texts would be the same field.
        var size = 0;
        foreach (var field in fields)
        {
            size += sizeof(uint) + Utf8.GetByteCount(field);
        }

        var bytes = new byte[size];
        var rest = bytes.AsSpan();
        foreach (var field in fields)
        {
            var length = Utf8.GetBytes(field, rest[sizeof(uint)..]);
            BinaryPrimitives.WriteUInt32BigEndian(rest, (uint)length);
            rest = rest[(sizeof(uint) + length)..];
        }

        return bytes;
    }
}
