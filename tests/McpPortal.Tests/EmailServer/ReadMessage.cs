using System.Text;
using McpPortal.EmailServer.Mail;

namespace McpPortal.Tests.EmailServer;

/// <summary>Reads a message as strictly as a mail server may: unfolds headers, wants CRLF, decodes base64.</summary>
internal sealed record ReadMessage(IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    public string Header(string name) => EncodedWord.Decode(Headers.Single(h => h.Name == name).Value.Replace("\"", "", StringComparison.Ordinal));

    public static ReadMessage From(string raw)
    {
        Assert.DoesNotContain("\n", raw.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        var end = raw.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var headers = raw[..end].Replace("\r\n ", " ", StringComparison.Ordinal).Split("\r\n")
            .Select(line => line.Split(": ", 2)).Select(pair => (pair[0], pair[1])).ToList();
        Assert.Contains(("Content-Transfer-Encoding", "base64"), headers);
        return new(headers, Encoding.UTF8.GetString(Convert.FromBase64String(raw[(end + 4)..].Replace("\r\n", "", StringComparison.Ordinal))));
    }
}
