using System.Text.Json.Serialization;

namespace McpPortal.Data;

/// <summary>
/// Ciphertext in the vault's record format. Only the vault makes one, and it must carry the format's mark, so that plaintext cannot end
/// up in a column of this type.
/// </summary>
public sealed class Protected
{
    private static ReadOnlySpan<byte> Mark => "MPE"u8;

    private readonly byte[] _record;

    private Protected(byte[] record)
    {
        _record = record;
    }

    /// <summary>The whole record: header, nonce, ciphertext and tag.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> Record => _record;

    /// <summary>Wraps what stands in the database as it is: a damaged row must not keep the query from returning the others. Opening it fails.</summary>
    internal static Protected FromStore(byte[] record) => new(record);

    /// <summary>Wraps a new record. Throws <see cref="InvalidDataException"/> when the format's mark is missing.</summary>
    public static Protected FromRecord(byte[] record)
    {
        if (!record.AsSpan().StartsWith(Mark))
        {
            throw new InvalidDataException("The stored value is not in the vault's record format.");
        }

        return new Protected(record);
    }

    public override string ToString() => "***";
}
