using System.Globalization;
using System.Text;
using McpPortal.Sandbox.People;

namespace McpPortal.Sandbox.Google;

/// <summary>What is in a mailbox on the first day: the shapes that real mail has, and words that no other mailbox has.</summary>
internal static class SampleMail
{
    public static IEnumerable<(string Raw, TimeSpan Age, string[] Labels)> For(string account)
    {
        var name = Residents.Find(account)!.DisplayName;
        yield return (Headers(account, $"Welcome, {name}", "Sandbox Team <team@sandbox.test>", 96, "Content-Type: text/plain; charset=UTF-8") + $"""
            Hello {name},

            this mailbox belongs to {account} and to nobody else.

            Kind regards
            the sandbox
            """, TimeSpan.FromHours(96), ["INBOX", "CATEGORY_PERSONAL"]);
        yield return (Headers(account, $"Private note for {account}", $"{name} <{account}>", 72, "Content-Type: text/plain; charset=UTF-8") + $"""
            Remember: the marker of {account} is {Marker(account)}.
            """, TimeSpan.FromHours(72), ["INBOX", "STARRED", "IMPORTANT"]);
        yield return (Headers(account, Word("Grüße aus Köln – Fotos vom Ausflug"), $"{Word("Jürgen Müller")} <juergen@example.test>", 48, "Content-Type: multipart/alternative; boundary=\"alt-1\"") + $"""
            --alt-1
            Content-Type: text/plain; charset=UTF-8
            Content-Transfer-Encoding: quoted-printable

            Sch=C3=B6ne Gr=C3=BC=C3=9Fe! Die Bilder kommen morgen, {name}. Das ist eine lange =
            Zeile.
            --alt-1
            Content-Type: text/html; charset=UTF-8
            Content-Transfer-Encoding: base64

            {Base64($"<p>Schöne <b>Grüße</b>! Die Bilder kommen morgen, {name}.</p>")}
            --alt-1--
            """, TimeSpan.FromHours(48), ["INBOX"]);
        yield return (Headers(account, "Invoice 2026-118", "Accounts <accounts@example.test>", 30, "Content-Type: multipart/mixed; boundary=\"mix-1\"") + $"""
            --mix-1
            Content-Type: multipart/alternative; boundary="alt-2"

            --alt-2
            Content-Type: text/plain; charset=UTF-8

            Please find the invoice attached. It is due in 14 days.
            --alt-2
            Content-Type: text/html; charset=UTF-8

            <p>Please find the invoice attached. It is due in <i>14 days</i>.</p>
            --alt-2--
            --mix-1
            Content-Type: text/csv; name="invoice.csv"
            Content-Disposition: attachment; filename="invoice.csv"
            Content-Transfer-Encoding: base64

            {Base64("item;amount\nchair;120\ntable;340\n")}
            --mix-1--
            """, TimeSpan.FromHours(30), ["INBOX", "UNREAD", "IMPORTANT"]);
        yield return (Headers(account, "Newsletter: ten quiet places", "Weekly <weekly@example.test>", 20, "Content-Type: text/html; charset=UTF-8") + """
            <html><body><h1>Ten quiet places</h1><p>Read on a <a href="https://example.test/quiet">quiet page</a>.</p></body></html>
            """, TimeSpan.FromHours(20), ["INBOX", "UNREAD", "CATEGORY_PROMOTIONS"]);
        yield return (Headers(account, "Meeting on Thursday", "Cara <cara@gmail.sandbox.test>", 6, "Content-Type: text/plain; charset=UTF-8") + $"""
            {name}, shall we meet on Thursday at ten? The room is booked.
            """, TimeSpan.FromHours(6), ["INBOX", "UNREAD"]);
        yield return (Headers("ben@gmail.sandbox.test", "Lunch?", $"{name} <{account}>", 5, "Content-Type: text/plain; charset=UTF-8") + """
            Are you free at noon?
            """, TimeSpan.FromHours(5), ["SENT"]);
    }

    /// <summary>A word that occurs in this mailbox only; isolation tests look for it.</summary>
    public static string Marker(string account) => $"canary-{Randoms.Hash(account)[..12]}";

    private static string Headers(string to, string subject, string from, int age, string type) => string.Create(CultureInfo.InvariantCulture, $"""
        From: {from}
        To: {to}
        Subject: {subject}
        Message-ID: <{Randoms.Hash(to + subject + age)[..16]}@sandbox.test>
        MIME-Version: 1.0
        {type}


        """);

    /// <summary>RFC 2047 §2.</summary>
    private static string Word(string text) => $"=?UTF-8?B?{Base64(text)}?=";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
