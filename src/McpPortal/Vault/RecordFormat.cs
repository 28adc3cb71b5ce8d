using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Vault;

/// <summary>
/// The record format: <c>"MPE" | version | algorithm | flags | owner key id (16) | nonce (12) | ciphertext | tag (16)</c>.
/// Additional data: the header, then length-prefixed installation and binding, then the generation.
/// </summary>
internal static class RecordFormat
{
    public const int HeaderLength = 6 + 16 + NonceLength;
    public const int TagLength = 16;
    private const int NonceLength = 12;
    private const byte Version = 1;
    private const byte Aes256Gcm = 1;

    public static byte[] Seal(ReadOnlySpan<byte> key, Guid ownerKeyId, Guid installId, in SecretBinding binding, ReadOnlySpan<byte> plaintext)
    {
        var record = new byte[HeaderLength + plaintext.Length + TagLength];
        "MPE"u8.CopyTo(record);
        record[3] = Version;
        record[4] = Aes256Gcm;
        ownerKeyId.TryWriteBytes(record.AsSpan(6, 16), bigEndian: true, out _);
        var nonce = record.AsSpan(22, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(
            nonce,
            plaintext,
            record.AsSpan(HeaderLength, plaintext.Length),
            record.AsSpan(HeaderLength + plaintext.Length),
            AdditionalData(record.AsSpan(0, HeaderLength), installId, binding));
        return record;
    }

    /// <summary>The id of the only key that can open the record, or a reason why it is no record of ours.</summary>
    public static bool TryReadKeyId(ReadOnlySpan<byte> record, out Guid ownerKeyId, out string reason)
    {
        ownerKeyId = default;
        reason = record switch
        {
            { Length: < HeaderLength + TagLength } => "it is truncated",
            _ when !record.StartsWith("MPE"u8) => "it is not in the vault's format",
            _ when record[3] != Version => $"its format version {record[3]} is unknown",
            _ when record[4] != Aes256Gcm => $"its algorithm {record[4]} is unknown",
            _ when record[5] != 0 => "it has unknown flags",
            _ => "",
        };
        if (reason.Length > 0)
        {
            return false;
        }

        ownerKeyId = new Guid(record.Slice(6, 16), bigEndian: true);
        return true;
    }

    /// <summary>Throws <see cref="CryptographicException"/> for another key, another binding or a changed byte.</summary>
    public static byte[] Open(ReadOnlySpan<byte> key, Guid installId, in SecretBinding binding, ReadOnlySpan<byte> record)
    {
        var length = record.Length - HeaderLength - TagLength;
        var plaintext = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(
            record.Slice(22, NonceLength),
            record.Slice(HeaderLength, length),
            record[(HeaderLength + length)..],
            plaintext,
            AdditionalData(record[..HeaderLength], installId, binding));
        return plaintext;
    }

    private static byte[] AdditionalData(ReadOnlySpan<byte> header, Guid installId, in SecretBinding binding)
    {
        var fields = KeyWrap.Fields(
            installId.ToString(),
            binding.Kind.ToString(),
            ((int)binding.Owner.Kind).ToString(System.Globalization.CultureInfo.InvariantCulture),
            binding.Owner.Id.ToString(),
            binding.SubjectId.ToString(),
            binding.Name);
        var data = new byte[header.Length + fields.Length + sizeof(ulong)];
        header.CopyTo(data);
        fields.CopyTo(data, header.Length);
        BinaryPrimitives.WriteUInt64BigEndian(data.AsSpan(header.Length + fields.Length), (ulong)binding.Generation);
        return data;
    }
}
