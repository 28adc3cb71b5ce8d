using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Tests.Benchmarks;

/// <summary>Somebody with an access key for the portal and a credential for the stub behind it.</summary>
internal sealed record BenchUser(string Key, string Credential)
{
    /// <summary>What the stub answers to whoever has the credential.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Credential)));

    public override string ToString() => Hash;
}
