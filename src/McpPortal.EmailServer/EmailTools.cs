using System.ComponentModel;
using System.Globalization;
using System.Text;
using McpPortal.EmailServer.Gmail;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.EmailServer;

/// <summary>The five tools as a client sees them; each call works on the mailbox of whoever makes it.</summary>
internal sealed class EmailTools(GmailClient gmail, Func<RequestContext<CallToolRequestParams>, ITokenSource?> tokens)
{
    [Description("List e-mails from a folder, newest first.")]
    public Task<CallToolResult> ListEmails(
        RequestContext<CallToolRequestParams> request,
        [Description("A folder that list_folders names")] string folder = "INBOX",
        [Description("How many, 1 to 100")] int limit = 10,
        CancellationToken cancellationToken = default) =>
        ToolAnswer.OfAsync(() => Mailbox(request).ListAsync(folder, limit, cancellationToken), Text);

    [Description("Search e-mails with Gmail's search words, like from:ana is:unread newer_than:7d.")]
    public Task<CallToolResult> SearchEmails(
        RequestContext<CallToolRequestParams> request,
        [Description("What to look for")] string query,
        [Description("How many, 1 to 100")] int limit = 10,
        CancellationToken cancellationToken = default) =>
        ToolAnswer.OfAsync(() => Mailbox(request).SearchAsync(query, limit, cancellationToken), Text);

    [Description("Read one e-mail: its headers, its text and the names of its attachments.")]
    public Task<CallToolResult> ReadEmail(
        RequestContext<CallToolRequestParams> request,
        [Description("The id that list_emails or search_emails gave")] string id,
        CancellationToken cancellationToken = default) =>
        ToolAnswer.OfAsync(() => Mailbox(request).ReadAsync(id, cancellationToken), Text);

    [Description("Send a plain-text e-mail from this mailbox.")]
    public Task<CallToolResult> SendEmail(
        RequestContext<CallToolRequestParams> request,
        [Description("One or more addresses, separated by commas")] string to,
        string subject,
        [Description("The text")] string body,
        [Description("Addresses that get a copy")] string? cc = null,
        [Description("Addresses that get a copy unseen by the others")] string? bcc = null,
        CancellationToken cancellationToken = default) =>
        ToolAnswer.OfAsync(() => Mailbox(request).SendAsync(to, subject, body, cc, bcc, cancellationToken), sent => $"Sent. The e-mail has the id {sent.Id}.");

    [Description("List the folders (Gmail calls them labels) of this mailbox.")]
    public Task<CallToolResult> ListFolders(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default) =>
        ToolAnswer.OfAsync(
            () => Mailbox(request).FoldersAsync(cancellationToken),
            folders => string.Join('\n', folders.Folders.Select(f => f.Name == f.Id ? f.Name : $"{f.Name} (id {f.Id})")));

    private static string Text(EmailList list)
    {
        if (list.Emails.Count == 0)
        {
            return "No e-mails.";
        }

        var text = new StringBuilder();
        foreach (var email in list.Emails)
        {
            text.Append(CultureInfo.InvariantCulture, $"{email.Date}  {email.From}\n  {email.Subject}{(email.Unread ? " (unread)" : "")}\n  id {email.Id}\n");
        }

        return text.Append(list.More ? "There are more." : "").ToString().TrimEnd();
    }

    private static string Text(EmailMessage email)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"From: {email.From}\nTo: {email.To}\n");
        text.Append(email.Cc.Length > 0 ? $"Cc: {email.Cc}\n" : "");
        text.Append(CultureInfo.InvariantCulture, $"Date: {email.Date}\nSubject: {email.Subject}\n");
        foreach (var attachment in email.Attachments)
        {
            text.Append(CultureInfo.InvariantCulture, $"Attachment: {attachment.Name} ({attachment.Type}, {attachment.Bytes} bytes)\n");
        }

        return text.Append('\n').Append(email.Body).Append(email.Truncated ? "\n\n(cut here: the text is very long)" : "").ToString();
    }

    private Mailbox Mailbox(RequestContext<CallToolRequestParams> request) =>
        new(gmail, tokens(request) ?? throw EmailProblemException.NotConfigured);
}
