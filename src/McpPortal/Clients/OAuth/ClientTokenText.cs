using System.Security.Cryptography;

namespace McpPortal.Clients.OAuth;

/// <summary>
/// Texts of codes and tokens, of the same form as access keys. A refresh token and the access token beside it are made from one seed; the
/// seed of the next pair comes of the refresh token and a key of the vault, so that the same successor can be given twice and is stored nowhere.
/// </summary>
internal static class ClientTokenText
{
    public const string Access = "mcpo_";
    public const string Refresh = "mcpr_";
    public const string Code = "mcpc_";
    public const int SeedLength = 32;
    private const int IdBytes = 16;

    public static (string Id, string Text) From(ReadOnlySpan<byte> seed, string prefix)
    {
        Span<byte> bytes = stackalloc byte[IdBytes + SeedLength];
        HKDF.Expand(HashAlgorithmName.SHA256, seed, bytes, System.Text.Encoding.ASCII.GetBytes(prefix));
        return AccessKeyText.From(prefix, bytes[..IdBytes], bytes[IdBytes..]);
    }

    public static (string Id, string Text) New(string prefix) => From(RandomNumberGenerator.GetBytes(SeedLength), prefix);
}
