using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.Google;

/// <summary>Gmail's shapes; numbers of 64 bits are strings there.</summary>
internal static class GmailJson
{
    public static JsonObject Reference(StoredMail mail) => new() { ["id"] = mail.Id, ["threadId"] = mail.ThreadId };

    public static JsonObject Message(StoredMail mail, string format, IReadOnlyList<string> metadataHeaders)
    {
        var message = MailParser.Parse(mail.Raw);
        var json = Reference(mail);
        json["labelIds"] = new JsonArray([.. mail.Labels.Select(label => JsonValue.Create(label))]);
        json["snippet"] = Snippet(message);
        json["historyId"] = mail.Received.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        json["internalDate"] = mail.Received.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        json["sizeEstimate"] = mail.Raw.Length;
        switch (format)
        {
            case "raw":
                json["raw"] = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(mail.Raw.ReplaceLineEndings("\r\n")));
                break;
            case "metadata":
                json["payload"] = new JsonObject { ["mimeType"] = message.MimeType, ["headers"] = Headers(message, metadataHeaders) };
                break;
            case "full":
                json["payload"] = Part(message, "");
                break;
        }

        return json;
    }

    public static JsonObject Label(string id, IReadOnlyList<StoredMail> mails) => new()
    {
        ["id"] = id,
        ["name"] = id,
        ["type"] = "system",
        ["messagesTotal"] = mails.Count(mail => mail.Labels.Contains(id)),
        ["messagesUnread"] = mails.Count(mail => mail.Labels.Contains(id) && mail.Labels.Contains("UNREAD")),
    };

    public static JsonObject Body(byte[] bytes) => new() { ["size"] = bytes.Length, ["data"] = Base64Url.EncodeToString(bytes) };

    private static JsonObject Part(MailPart part, string id)
    {
        var json = new JsonObject
        {
            ["partId"] = id,
            ["mimeType"] = part.MimeType,
            ["filename"] = part.FileName ?? "",
            ["headers"] = Headers(part, []),
            ["body"] = part switch
            {
                { Parts.Count: > 0 } => new JsonObject { ["size"] = 0 },
                { FileName.Length: > 0 } => new JsonObject { ["attachmentId"] = $"part-{id}", ["size"] = part.Body.Length },
                _ => Body(part.Body),
            },
        };
        if (part.Parts.Count > 0)
        {
            json["parts"] = new JsonArray([.. part.Parts.Select((inner, index) => Part(inner, id.Length == 0 ? $"{index}" : $"{id}.{index}"))]);
        }

        return json;
    }

    private static JsonArray Headers(MailPart part, IReadOnlyList<string> only) => new([.. part.Headers
        .Where(header => only.Count == 0 || only.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
        .Select(header => new JsonObject { ["name"] = header.Key, ["value"] = header.Value })]);

    private static string Snippet(MailPart message)
    {
        var text = message.Flatten().FirstOrDefault(part => part is { MimeType: "text/plain", FileName: null });
        var words = string.Join(' ', Encoding.UTF8.GetString(text?.Body ?? []).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return words.Length > 160 ? words[..160] : words;
    }
}
