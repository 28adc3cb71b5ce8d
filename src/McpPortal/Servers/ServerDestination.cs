using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using McpPortal.Outbound;

namespace McpPortal.Servers;

/// <summary>The text that owners of credentials agree to: where exactly their credential goes.</summary>
internal static class ServerDestination
{
    public static string OfHttp(Uri endpoint) => DestinationOrigin.Of(endpoint);

    /// <summary>
    /// <c>sha256:</c> of program and arguments, each length-prefixed so that no two lines read the same. Settings count too: one of them
    /// may say where the program sends what it gets.
    /// </summary>
    public static string OfCommand(IReadOnlyList<string> commandLine, IReadOnlyDictionary<string, string> settings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, commandLine);
        if (settings.Count > 0)
        {
            Append(hash, [.. settings.OrderBy(s => s.Key, StringComparer.Ordinal).SelectMany(s => (string[])[s.Key, s.Value])]);
        }

        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, IReadOnlyList<string> parts)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, parts.Count);
        hash.AppendData(number);
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(number, bytes.Length);
            hash.AppendData(number);
            hash.AppendData(bytes);
        }
    }
}
