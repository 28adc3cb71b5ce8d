using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Sandbox;

internal static class Randoms
{
    /// <summary>A token that says what it is: whoever finds one in a log knows where it comes from, and the tests can look for all of them at once.</summary>
    public static string Token(string prefix = "") => $"{prefix}not-a-secret-" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static string Id() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>What is kept of a token: its SHA-256, so that the state file holds nothing that can be presented.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    public static bool Same(string? one, string? other) =>
        one is not null && other is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));
}
