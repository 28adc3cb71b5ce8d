using System.Security.Cryptography;
using McpPortal.Data;

namespace McpPortal.Vault;

/// <summary>Keyed hashes: equal values can be told apart from different ones without anybody learning the value.</summary>
internal sealed class Fingerprints(KeyRing ring)
{
    /// <summary>Of a value in an audit entry or a call record: 32 bytes.</summary>
    public byte[] Of(ReadOnlySpan<byte> value) => HMACSHA256.HashData(ring.Active(KeyPurpose.Fingerprint).Key, value);

    /// <summary>Of an access key: 32 bytes, compared in fixed time.</summary>
    public byte[] OfAccessKey(ReadOnlySpan<byte> key) => HMACSHA256.HashData(ring.Active(KeyPurpose.AccessKeys).Key, key);

    /// <summary>Of a token or code that the portal gave to an MCP client, or of something made from one: 32 bytes. Their first letters keep them apart from access keys.</summary>
    public byte[] OfClientToken(ReadOnlySpan<byte> text) => HMACSHA256.HashData(ring.Active(KeyPurpose.AccessKeys).Key, text);
}
