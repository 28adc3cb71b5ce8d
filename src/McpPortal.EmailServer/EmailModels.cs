using System.ComponentModel;

namespace McpPortal.EmailServer;

internal sealed record EmailSummary(
    [property: Description("Pass this to read_email")] string Id,
    string From,
    string To,
    string Subject,
    [property: Description("When Gmail received it, ISO 8601 in UTC")] string Date,
    string Snippet,
    bool Unread);

internal sealed record EmailList(IReadOnlyList<EmailSummary> Emails, [property: Description("Whether there are more than were asked for")] bool More);

internal sealed record EmailAttachment(string Name, string Type, long Bytes);

internal sealed record EmailMessage(
    string Id,
    string ThreadId,
    string From,
    string To,
    string Cc,
    string Subject,
    string Date,
    IReadOnlyList<string> Labels,
    string Body,
    [property: Description("Whether the text was cut because it is very long")] bool Truncated,
    IReadOnlyList<EmailAttachment> Attachments);

internal sealed record EmailFolder(string Id, string Name, [property: Description("system or user")] string Kind);

internal sealed record EmailFolders(IReadOnlyList<EmailFolder> Folders);

internal sealed record EmailSent(string Id, string ThreadId);
