using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.Google;

/// <summary>Gmail's search words: <c>from: to: subject: label: in: is: has:attachment after: before: newer_than: older_than:</c>, a leading minus, quotes, and plain words.</summary>
internal sealed partial class MailQuery(string? query, DateTimeOffset now)
{
    private readonly List<(bool Not, string Key, string Value)> _terms = [.. Terms().Matches(query ?? "").Select(match => (
        match.Groups["not"].Success,
        match.Groups["key"].Value.ToLowerInvariant(),
        match.Groups["quoted"].Success ? match.Groups["quoted"].Value : match.Groups["word"].Value))];

    public bool Matches(StoredMail mail)
    {
        var message = MailParser.Parse(mail.Raw);
        return _terms.All(term => Matches(mail, message, term.Key, term.Value) != term.Not);
    }

    private bool Matches(StoredMail mail, MailPart message, string key, string value) => key switch
    {
        "from" or "to" or "cc" or "subject" => Has(Header(message, key), value),
        "label" or "in" => value is "anywhere" || mail.Labels.Contains(value, StringComparer.OrdinalIgnoreCase),
        "is" => value.ToLowerInvariant() switch
        {
            "unread" => mail.Labels.Contains("UNREAD"),
            "read" => !mail.Labels.Contains("UNREAD"),
            _ => mail.Labels.Contains(value, StringComparer.OrdinalIgnoreCase),
        },
        "has" => message.Flatten().Any(part => part.FileName is { Length: > 0 }),
        "filename" => message.Flatten().Any(part => Has(part.FileName, value)),
        "after" => Day(value) is { } day && mail.Received >= day,
        "before" => Day(value) is { } day && mail.Received < day,
        "newer_than" => Age(value) is { } age && mail.Received >= now - age,
        "older_than" => Age(value) is { } age && mail.Received < now - age,
        _ => Has(Header(message, "subject"), value) || Has(Header(message, "from"), value) || Has(Header(message, "to"), value)
            || message.Flatten().Any(part => part.MimeType.StartsWith("text/", StringComparison.Ordinal) && Has(Encoding.UTF8.GetString(part.Body), value)),
    };

    private static string Header(MailPart message, string name) => EncodedWords.Decode(message.Header(name) ?? "");

    private static bool Has(string? text, string value) => text?.Contains(value, StringComparison.OrdinalIgnoreCase) == true;

    private static DateTimeOffset? Day(string value) =>
        DateTimeOffset.TryParseExact(value.Replace('-', '/'), "yyyy/M/d", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) ? day : null;

    private static TimeSpan? Age(string value)
    {
        if (value.Length < 2 || !int.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return null;
        }

        return value[^1] switch
        {
            'd' => TimeSpan.FromDays(count),
            'm' => TimeSpan.FromDays(30 * count),
            'y' => TimeSpan.FromDays(365 * count),
            _ => null,
        };
    }

    [GeneratedRegex("""(?<not>-)?(?:(?<key>from|to|cc|subject|label|in|is|has|filename|after|before|newer_than|older_than):)?(?:"(?<quoted>[^"]*)"|(?<word>[^\s"]+))""", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 500)]
    private static partial Regex Terms();
}
