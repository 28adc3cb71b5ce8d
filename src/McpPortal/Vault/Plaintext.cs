using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Vault;

/// <summary>A decrypted value for one use. Prints nothing of itself and is zeroed when disposed.</summary>
[DebuggerDisplay("***")]
internal sealed class Plaintext(byte[] pinned) : IDisposable
{
    public ReadOnlySpan<byte> Bytes => pinned;

    /// <summary>The value as UTF-8 text. A string cannot be wiped: keep it no longer than the call that needs it.</summary>
    public string Reveal() => Encoding.UTF8.GetString(pinned);

    public void Dispose() => CryptographicOperations.ZeroMemory(pinned);

    public override string ToString() => "***";
}
