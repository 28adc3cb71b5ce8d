using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Sandbox.Faults;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.Google;

/// <summary>The part of the Gmail API that mail tools use, under <c>/google/gmail/v1/users/{me}</c>.</summary>
internal static class GmailEndpoints
{
    private static readonly string[] SystemLabels = ["INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT", "CATEGORY_PERSONAL", "CATEGORY_PROMOTIONS"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var gmail = routes.MapGroup("/google/gmail/v1/users/{user}").WithFaults("google/gmail");
        var reading = gmail.MapGroup("").AddEndpointFilter(new GmailAccess("gmail.readonly", "gmail.modify"));
        reading.MapGet("/profile", Profile);
        reading.MapGet("/labels", (HttpContext context, Mailboxes mailboxes) =>
        {
            var mails = mailboxes.List(GmailAccess.Account(context));
            return Results.Json(new JsonObject { ["labels"] = new JsonArray([.. SystemLabels.Select(label => GmailJson.Label(label, mails))]) });
        });
        reading.MapGet("/labels/{id}", (HttpContext context, string id, Mailboxes mailboxes) => SystemLabels.Contains(id)
            ? Results.Json(GmailJson.Label(id, mailboxes.List(GmailAccess.Account(context))))
            : GoogleErrors.NotFound());
        reading.MapGet("/messages", List);
        reading.MapGet("/messages/{id}", (HttpContext context, string id, string? format, string[]? metadataHeaders, Mailboxes mailboxes) =>
            mailboxes.Find(GmailAccess.Account(context), id) is { } mail
                ? Results.Json(GmailJson.Message(mail, format ?? "full", metadataHeaders ?? []))
                : GoogleErrors.NotFound());
        reading.MapGet("/messages/{id}/attachments/{attachment}", Attachment);
        gmail.MapPost("/messages/send", SendAsync).AddEndpointFilter(new GmailAccess("gmail.send", "gmail.modify", "gmail.compose"));
    }

    private static IResult Profile(HttpContext context, Mailboxes mailboxes)
    {
        var account = GmailAccess.Account(context);
        var count = mailboxes.List(account).Count;
        return Results.Json(new JsonObject { ["emailAddress"] = account, ["messagesTotal"] = count, ["threadsTotal"] = count, ["historyId"] = "1" });
    }

    private static IResult List(HttpContext context, string? q, string[]? labelIds, int? maxResults, string? pageToken, bool? includeSpamTrash, Mailboxes mailboxes, TimeProvider time)
    {
        var query = new MailQuery(q, time.GetUtcNow());
        List<StoredMail> found = [.. mailboxes.List(GmailAccess.Account(context))
            .Where(mail => (labelIds ?? []).All(label => mail.Labels.Contains(label)))
            .Where(mail => includeSpamTrash == true || !mail.Labels.Any(label => label is "SPAM" or "TRASH"))
            .Where(query.Matches)];
        var from = int.TryParse(pageToken, NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : 0;
        var size = Math.Clamp(maxResults ?? 100, 1, 500);
        List<StoredMail> page = [.. found.Skip(from).Take(size)];
        var json = new JsonObject { ["resultSizeEstimate"] = found.Count };
        if (page.Count > 0)
        {
            // Gmail leaves the field out when nothing was found.
            json["messages"] = new JsonArray([.. page.Select(GmailJson.Reference)]);
        }

        if (from + page.Count < found.Count)
        {
            json["nextPageToken"] = (from + page.Count).ToString(CultureInfo.InvariantCulture);
        }

        return Results.Json(json);
    }

    private static IResult Attachment(HttpContext context, string id, string attachment, Mailboxes mailboxes)
    {
        if (mailboxes.Find(GmailAccess.Account(context), id) is not { } mail)
        {
            return GoogleErrors.NotFound();
        }

        MailPart? part = MailParser.Parse(mail.Raw);
        foreach (var step in attachment.Replace("part-", "", StringComparison.Ordinal).Split('.'))
        {
            part = int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? part?.Parts.ElementAtOrDefault(index) : null;
        }

        return part is null ? GoogleErrors.NotFound() : Results.Json(GmailJson.Body(part.Body));
    }

    private static async Task<IResult> SendAsync(HttpContext context, Mailboxes mailboxes)
    {
        var body = await context.Request.ReadFromJsonAsync<JsonObject>(context.RequestAborted);
        if ((string?)body?["raw"] is not { } encoded || !Base64Url.IsValid(encoded))
        {
            return GoogleErrors.Answer(400, "INVALID_ARGUMENT", "'raw' RFC822 payload message string or uploading message via /upload/* URL required");
        }

        var raw = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(encoded));
        if (MailParser.Parse(raw).Header("To") is not { Length: > 0 })
        {
            return GoogleErrors.Answer(400, "INVALID_ARGUMENT", "Recipient address required");
        }

        var mail = mailboxes.Send(GmailAccess.Account(context), raw, (string?)body["threadId"]);
        var json = GmailJson.Reference(mail);
        json["labelIds"] = new JsonArray("SENT");
        return Results.Json(json);
    }
}
