namespace McpPortal.EmailServer.Gmail;

// The parts of Gmail's answers that are read; its own words, camel case.
internal sealed record GmailMessageList(IReadOnlyList<GmailMessageRef>? Messages, string? NextPageToken);

internal sealed record GmailMessageRef(string Id, string? ThreadId);

internal sealed record GmailMessage(string Id, string? ThreadId, IReadOnlyList<string>? LabelIds, string? Snippet, string? InternalDate, GmailPart? Payload);

internal sealed record GmailPart(string? MimeType, string? Filename, IReadOnlyList<GmailHeader>? Headers, GmailBody? Body, IReadOnlyList<GmailPart>? Parts)
{
    public string? Header(string name) => Headers?.FirstOrDefault(h => string.Equals(h.Name, name, StringComparison.OrdinalIgnoreCase))?.Value;
}

internal sealed record GmailHeader(string? Name, string? Value);

internal sealed record GmailBody(string? AttachmentId, long Size, string? Data);

internal sealed record GmailLabelList(IReadOnlyList<GmailLabel>? Labels);

internal sealed record GmailLabel(string Id, string? Name, string? Type);
