using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
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
    private const int PrefixLength = 5;
    private const int Length = PrefixLength + IdLength + 1 + SecretLength + CrcLength;
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly SearchValues<char> Digits = SearchValues.Create(Alphabet);

    /// <summary>Makes a new key. The text is shown once and never kept.</summary>
    public static (string Id, string Text) Generate()
    {
        var id = RandomNumberGenerator.GetString(Alphabet, IdLength);
        return (id, WithId(id));
    }

    /// <summary>A new text for an id.</summary>
    public static string WithId(string id) => Compose(Prefix, id, RandomNumberGenerator.GetString(Alphabet, SecretLength));

    /// <summary>A text of the same form for something else than an access key, all of it made from random bytes.</summary>
    /// <param name="prefix">Five characters that say what it is.</param>
    /// <param name="id">The bytes of its public part.</param>
    /// <param name="secret">256 bits.</param>
    public static (string Id, string Text) From(string prefix, ReadOnlySpan<byte> id, ReadOnlySpan<byte> secret)
    {
        var digits = Base62(id, IdLength);
        return (digits, Compose(prefix, digits, Base62(secret, SecretLength)));
    }

    /// <summary>Whether the text has the form of a key; its id when it has.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? id) => TryParse(text, Prefix, out id);

    public static bool TryParse(string text, string prefix, [NotNullWhen(true)] out string? id)
    {
        id = null;
        if (text.Length != Length || !text.StartsWith(prefix, StringComparison.Ordinal) || text[PrefixLength + IdLength] != '_')
        {
            return false;
        }

        var candidate = text.Substring(PrefixLength, IdLength);
        if (candidate.AsSpan().ContainsAnyExcept(Digits) || text.AsSpan(PrefixLength + IdLength + 1).ContainsAnyExcept(Digits)
            || !text.AsSpan(Length - CrcLength).SequenceEqual(Checksum(text[..^CrcLength])))
        {
            return false;
        }

        id = candidate;
        return true;
    }

    private static string Compose(string prefix, string id, string secret)
    {
        var body = $"{prefix}{id}_{secret}";
        return body + Checksum(body);
    }

    /// <summary>The lowest digits of the number.</summary>
    private static string Base62(ReadOnlySpan<byte> bytes, int length) => string.Create(length, new BigInteger(bytes, isUnsigned: true), (digits, number) =>
    {
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            (number, var digit) = BigInteger.DivRem(number, Alphabet.Length);
            digits[i] = Alphabet[(int)digit];
        }
    });

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
