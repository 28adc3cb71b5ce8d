using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using McpPortal.EmailServer.Gmail;
using McpPortal.EmailServer.Mail;

namespace McpPortal.EmailServer;

/// <summary>What can be done with the mailbox of one user: the one whose token source it was made with.</summary>
internal sealed class Mailbox(GmailClient gmail, ITokenSource tokens)
{
    private const int MostEmails = 100;
    private const int LongestId = 64;
    private const int LongestBody = 100_000;
    private const int RequestsAtOnce = 8;

    private static readonly string[] SystemLabels = ["INBOX", "SENT", "DRAFT", "TRASH", "SPAM", "STARRED", "IMPORTANT", "UNREAD"];

    public async Task<EmailList> ListAsync(string folder, int limit, CancellationToken cancellationToken)
    {
        CheckLimit(limit);
        var label = await LabelAsync(folder.Trim(), cancellationToken);
        return await SummariesAsync(await gmail.ListAsync(tokens, label, null, limit, cancellationToken), limit, cancellationToken);
    }

    public async Task<EmailList> SearchAsync(string query, int limit, CancellationToken cancellationToken)
    {
        CheckLimit(limit);
        if (string.IsNullOrWhiteSpace(query) || query.Length > 1000)
        {
            throw new EmailProblemException("'query' must say what to look for, in at most 1000 characters.");
        }

        return await SummariesAsync(await gmail.ListAsync(tokens, null, query, limit, cancellationToken), limit, cancellationToken);
    }

    public async Task<EmailMessage> ReadAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length is 0 or > LongestId || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            throw new EmailProblemException("'id' must be one that list_emails or search_emails gave.");
        }

        var message = await gmail.MessageAsync(tokens, id, cancellationToken);
        var text = new StringBuilder();
        foreach (var part in IncomingMessage.TextParts(message.Payload))
        {
            if (text.Length > LongestBody)
            {
                break;
            }

            // Gmail hands long texts out apart from the message.
            var data = part.Body is { Data: null, AttachmentId: { Length: > 0 } apart }
                ? (await gmail.AttachmentAsync(tokens, id, apart, cancellationToken)).Data
                : part.Body?.Data;
            text.Append(text.Length > 0 ? "\n\n" : "").Append(IncomingMessage.Text(part, data));
        }

        string Header(string name) => HeaderText.Clean(message.Payload?.Header(name));
        return new(
            message.Id,
            message.ThreadId ?? "",
            Header("From"),
            Header("To"),
            Header("Cc"),
            Header("Subject"),
            Received(message),
            message.LabelIds ?? [],
            Cut(text),
            text.Length > LongestBody,
            IncomingMessage.Attachments(message.Payload));
    }

    public async Task<EmailSent> SendAsync(string to, string subject, string body, string? cc, string? bcc, CancellationToken cancellationToken)
    {
        var message = OutgoingMessage.Write(to, subject, body, cc, bcc);
        var sent = await gmail.SendAsync(tokens, OutgoingMessage.ToRaw(message), cancellationToken);
        return new(sent.Id, sent.ThreadId ?? "");
    }

    public async Task<EmailFolders> FoldersAsync(CancellationToken cancellationToken)
    {
        var labels = await gmail.LabelsAsync(tokens, cancellationToken);
        return new([.. (labels.Labels ?? []).Select(l => new EmailFolder(l.Id, HeaderText.Clean(l.Name ?? l.Id), l.Type ?? "user"))]);
    }

    private async Task<string> LabelAsync(string folder, CancellationToken cancellationToken)
    {
        if (Array.Find(SystemLabels, l => l.Equals(folder, StringComparison.OrdinalIgnoreCase)) is { } system)
        {
            return system;
        }

        var labels = (await gmail.LabelsAsync(tokens, cancellationToken)).Labels ?? [];
        var found = labels.FirstOrDefault(l => l.Id == folder)
            ?? labels.FirstOrDefault(l => string.Equals(l.Name, folder, StringComparison.OrdinalIgnoreCase));
        return found?.Id ?? throw new EmailProblemException("There is no such folder in this mailbox; list_folders names them.");
    }

    private async Task<EmailList> SummariesAsync(GmailMessageList list, int limit, CancellationToken cancellationToken)
    {
        var ids = (list.Messages ?? []).Take(limit).Select(m => m.Id).ToArray();
        var found = new ConcurrentDictionary<string, EmailSummary>(StringComparer.Ordinal);
        var options = new ParallelOptions { MaxDegreeOfParallelism = RequestsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(ids, options, async (id, token) => found[id] = Summary(await gmail.HeadersAsync(tokens, id, token)));
        return new([.. ids.Select(id => found[id])], list.NextPageToken is { Length: > 0 });
    }

    private static EmailSummary Summary(GmailMessage message)
    {
        string Header(string name) => HeaderText.Clean(message.Payload?.Header(name));
        var unread = message.LabelIds?.Contains("UNREAD", StringComparer.Ordinal) == true;
        return new(message.Id, Header("From"), Header("To"), Header("Subject"), Received(message), WebUtility.HtmlDecode(message.Snippet ?? ""), unread);
    }

    private static void CheckLimit(int limit)
    {
        if (limit is < 1 or > MostEmails)
        {
            throw new EmailProblemException($"'limit' must be between 1 and {MostEmails}.");
        }
    }

    private static string Cut(StringBuilder text)
    {
        // Not between the halves of one character.
        var length = Math.Min(text.Length, LongestBody);
        length -= length > 0 && length < text.Length && char.IsHighSurrogate(text[length - 1]) ? 1 : 0;
        return text.ToString(0, length);
    }

    private static string Received(GmailMessage message) =>
        long.TryParse(message.InternalDate, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)
            : HeaderText.Clean(message.Payload?.Header("Date"));
}
