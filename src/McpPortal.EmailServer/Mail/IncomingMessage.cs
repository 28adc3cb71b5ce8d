using System.Buffers.Text;
using McpPortal.EmailServer.Gmail;

namespace McpPortal.EmailServer.Mail;

/// <summary>Finds the text and the attachments in the parts of a message as Gmail hands them out.</summary>
internal static class IncomingMessage
{
    private const int Deepest = 32;

    /// <summary>The parts that make up the readable text, in order: of alternatives the plain one, else the HTML one.</summary>
    public static IReadOnlyList<GmailPart> TextParts(GmailPart? root)
    {
        var found = new List<GmailPart>();
        Collect(root, found, 0);
        return found;
    }

    public static IReadOnlyList<EmailAttachment> Attachments(GmailPart? root)
    {
        var found = new List<EmailAttachment>();
        Visit(root, 0);
        return found;

        void Visit(GmailPart? part, int depth)
        {
            if (part is null || depth > Deepest)
            {
                return;
            }

            if (part.Filename is { Length: > 0 } name)
            {
                found.Add(new(HeaderText.Clean(name), part.MimeType ?? "application/octet-stream", part.Body?.Size ?? 0));
            }

            foreach (var child in part.Parts ?? [])
            {
                Visit(child, depth + 1);
            }
        }
    }

    /// <summary>The text of one part; Gmail has undone the transfer encoding, what is left is base64url of the bytes.</summary>
    public static string Text(GmailPart part, string? data)
    {
        var bytes = Bytes(data);
        var text = Charsets.DecodeBody(bytes, HeaderText.Parameter(part.Header("Content-Type"), "charset"));
        return Is(part, "text/html") ? HtmlText.From(text) : text.ReplaceLineEndings("\n").Trim('\n');
    }

    private static void Collect(GmailPart? part, List<GmailPart> found, int depth)
    {
        if (part is null || depth > Deepest || part.Filename is { Length: > 0 } || IsAttachment(part))
        {
            return;
        }

        if (Is(part, "text/plain") || Is(part, "text/html"))
        {
            found.Add(part);
        }
        else if (Is(part, "multipart/alternative"))
        {
            Collect(Best(part.Parts ?? [], depth), found, depth + 1);
        }
        else if (Is(part, "multipart/related"))
        {
            Collect(part.Parts is [var main, ..] ? main : null, found, depth + 1);
        }
        else if (part.MimeType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true)
        {
            foreach (var child in part.Parts ?? [])
            {
                Collect(child, found, depth + 1);
            }
        }
    }

    private static GmailPart? Best(IReadOnlyList<GmailPart> alternatives, int depth) =>
        alternatives.FirstOrDefault(p => Is(p, "text/plain"))
        ?? alternatives.FirstOrDefault(p => HasText(p, depth + 1));

    private static bool HasText(GmailPart part, int depth)
    {
        var found = new List<GmailPart>();
        Collect(part, found, depth);
        return found.Count > 0;
    }

    private static bool Is(GmailPart part, string type) => string.Equals(part.MimeType, type, StringComparison.OrdinalIgnoreCase);

    private static bool IsAttachment(GmailPart part) =>
        part.Header("Content-Disposition")?.TrimStart().StartsWith("attachment", StringComparison.OrdinalIgnoreCase) == true;

    private static byte[] Bytes(string? data)
    {
        try
        {
            return data is null ? [] : Base64Url.DecodeFromChars(data.AsSpan());
        }
        catch (FormatException)
        {
            throw new EmailProblemException("Gmail sent an answer that could not be read.");
        }
    }
}
