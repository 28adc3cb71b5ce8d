using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Clients;

/// <summary>
/// The text of an access key: <c>mcpp_&lt;id&gt;_&lt;secret&gt;&lt;crc&gt;</c> in base62 with fixed lengths. The checksum tells a typing error, and
/// lets secret scanners recognise a key, without asking the database.
/// </summary>
internal static class AccessKeyText
{
    public const string Prefix = "mcpp_";
    public const int IdLength = 12;

    /// <summary>256 random bits.</summary>
    private const int SecretLength = 43;
    private const int CrcLength = 6;
    private const int Length = 5 + IdLength + 1 + SecretLength + CrcLength;
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly SearchValues<char> Digits = SearchValues.Create(Alphabet);

    /// <summary>Makes a new key. The text is shown once and never kept.</summary>
    public static (string Id, string Text) Generate()
    {
        var id = RandomNumberGenerator.GetString(Alphabet, IdLength);
        return (id, WithId(id));
    }

    /// <summary>A new text for an id.</summary>
    public static string WithId(string id)
    {
        var body = $"{Prefix}{id}_{RandomNumberGenerator.GetString(Alphabet, SecretLength)}";
        return body + Checksum(body);
    }

    /// <summary>Whether the text has the form of a key; its id when it has.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? id)
    {
        id = null;
        if (text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[Prefix.Length + IdLength] != '_')
        {
            return false;
        }

        var candidate = text.Substring(Prefix.Length, IdLength);
        if (candidate.AsSpan().ContainsAnyExcept(Digits) || text.AsSpan(Prefix.Length + IdLength + 1).ContainsAnyExcept(Digits)
            || !text.AsSpan(Length - CrcLength).SequenceEqual(Checksum(text[..^CrcLength])))
        {
            return false;
        }

        id = candidate;
        return true;
    }

    /// <summary>CRC-32 (IEEE 802.3) in base62, padded to six digits.</summary>
    private static string Checksum(string body)
    {
        var crc = uint.MaxValue;
        foreach (var b in Encoding.ASCII.GetBytes(body))
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
            }
        }

        crc = ~crc;
        Span<char> digits = stackalloc char[CrcLength];
        for (var i = CrcLength - 1; i >= 0; i--)
        {
            (crc, var digit) = Math.DivRem(crc, (uint)Alphabet.Length);
            digits[i] = Alphabet[(int)digit];
        }

        return new string(digits);
    }
}
