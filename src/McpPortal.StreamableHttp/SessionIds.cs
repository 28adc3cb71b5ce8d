using System.Buffers.Text;
using System.Security.Cryptography;

namespace McpPortal.StreamableHttp;

internal static class SessionIds
{
    /// <summary>128 random bits: an id cannot be guessed, though it alone opens nothing.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
}
