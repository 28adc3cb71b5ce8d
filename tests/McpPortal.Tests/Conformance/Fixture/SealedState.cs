using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.Conformance.Fixture;

/// <summary>What a tool remembers between two rounds. It travels through the caller, so it carries a MAC that also covers the tool's name.</summary>
internal sealed class SealedState(string tool)
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    public string Seal(string state)
    {
        var text = Encoding.UTF8.GetBytes(state);
        return $"{Base64Url.EncodeToString(text)}.{Base64Url.EncodeToString(Mac(text))}";
    }

    /// <summary>The state that came back; null in the first round. A changed one ends the request.</summary>
    public string? Open(RequestParams? request)
    {
        if (request?.RequestState is not { } sent)
        {
            return null;
        }

        try
        {
            var parts = sent.Split('.');
            var text = Base64Url.DecodeFromChars(parts[0]);
            if (parts.Length == 2 && CryptographicOperations.FixedTimeEquals(Base64Url.DecodeFromChars(parts[1]), Mac(text)))
            {
                return Encoding.UTF8.GetString(text);
            }
        }
        catch (FormatException)
        {
            // Not even the form is ours.
        }

        throw new McpProtocolException("requestState was changed on its way.", McpErrorCode.InvalidParams);
    }

    private byte[] Mac(ReadOnlySpan<byte> text) => HMACSHA256.HashData(Key, (byte[])[.. Encoding.UTF8.GetBytes(tool), 0, .. text]);
}
