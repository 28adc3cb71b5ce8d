using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Sandbox.OAuth;

internal static class Pkce
{
    /// <summary>RFC 7636 §4.6, S256 only; a verifier has 43 to 128 characters.</summary>
    public static bool Fits(string? verifier, string challenge) =>
        verifier is { Length: >= 43 and <= 128 }
        && Randoms.Same(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))), challenge);
}
