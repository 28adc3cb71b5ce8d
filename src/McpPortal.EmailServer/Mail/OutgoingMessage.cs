using System.Buffers.Text;
using System.Text;

namespace McpPortal.EmailServer.Mail;

/// <summary>Writes a plain-text message in the form of RFC 5322. Gmail adds sender, date and id.</summary>
internal static class OutgoingMessage
{
    public const int LongestSubject = 500;
    public const int LongestBody = 1_000_000;
    private const int Base64Line = 76;

    public static string Write(string to, string subject, string body, string? cc, string? bcc)
    {
        if (subject.Any(char.IsControl))
        {
            throw new EmailProblemException("'subject' must not contain line breaks or other control characters.");
        }

        if (subject.Length > LongestSubject || body.Length > LongestBody)
        {
            throw new EmailProblemException($"The subject may have {LongestSubject} characters and the text {LongestBody}.");
        }

        var message = new StringBuilder();
        Recipients(message, "To", to);
        Recipients(message, "Cc", cc);
        Recipients(message, "Bcc", bcc);
        message.Append("Subject: ").Append(EncodedWord.Encode(subject)).Append("\r\n");
        message.Append("MIME-Version: 1.0\r\n");
        message.Append("Content-Type: text/plain; charset=utf-8\r\n");
        message.Append("Content-Transfer-Encoding: base64\r\n\r\n");

        // Text within MIME has CRLF line ends whatever the sender typed (RFC 2046 §4.1.1).
        var content = Convert.ToBase64String(Encoding.UTF8.GetBytes(body.ReplaceLineEndings("\r\n")));
        for (var i = 0; i < content.Length; i += Base64Line)
        {
            message.Append(content, i, Math.Min(Base64Line, content.Length - i)).Append("\r\n");
        }

        return message.ToString();
    }

    /// <summary>The form in which Gmail takes a message.</summary>
    public static string ToRaw(string message) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(message));

    private static void Recipients(StringBuilder message, string header, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            if (header == "To")
            {
                throw new EmailProblemException("'to' needs at least one e-mail address.");
            }

            return;
        }

        message.Append(header).Append(": ").AppendJoin(",\r\n ", Addresses.Parse(header.ToLowerInvariant(), text)).Append("\r\n");
    }
}
