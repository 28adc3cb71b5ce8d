using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Client;

namespace McpPortal.Tests.EmailServer;

public sealed class ToolsTests : IAsyncLifetime
{
    private FakeGmail _gmail = null!;
    private WebApplication _app = null!;
    private McpClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _gmail = await FakeGmail.StartAsync();
        _app = await EmailClients.StartHttpAsync(_gmail, "--Gmail:Timeout=00:00:02");
        _client = await EmailClients.OverHttpAsync(_app, "tok-ana");
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _app.DisposeAsync();
        await _gmail.DisposeAsync();
    }

    [Fact]
    public async Task Tools_say_what_they_do_to_the_mailbox()
    {
        var tools = (await _client.ListToolsAsync(cancellationToken: Cancel)).ToDictionary(t => t.Name, t => t.ProtocolTool);

        Assert.Equal(["list_emails", "list_folders", "read_email", "search_emails", "send_email"], tools.Keys.Order(StringComparer.Ordinal));
        Assert.All(tools.Values, t => Assert.Equal(t.Name != "send_email", t.Annotations!.ReadOnlyHint));
        Assert.All(tools.Values, t => Assert.Equal(t.Name == "send_email", t.Annotations!.DestructiveHint));
        Assert.All(tools.Values, t => Assert.NotNull(t.OutputSchema));
        Assert.Equal("INBOX", tools["list_emails"].InputSchema.GetProperty("properties").GetProperty("folder").GetProperty("default").GetString());
        Assert.Equal(10, tools["list_emails"].InputSchema.GetProperty("properties").GetProperty("limit").GetProperty("default").GetInt32());
    }

    [Fact]
    public async Task Listing_keeps_gmails_order_and_says_when_there_is_more()
    {
        for (var i = 0; i < 15; i++)
        {
            _gmail.Add("ana", $"m{i:00}", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?= " + i, "x");
        }

        var list = (await _client.CallAsync("list_emails")).Value();

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"m{i:00}"), list.GetProperty("emails").EnumerateArray().Select(e => e.GetProperty("id").GetString()!));
        Assert.True(list.GetProperty("more").GetBoolean());
        var first = list.GetProperty("emails")[0];
        Assert.Equal("Grüße 0", first.GetProperty("subject").GetString());
        Assert.Equal("It's", first.GetProperty("snippet").GetString());
        Assert.Equal("2026-01-01T00:00:00Z", first.GetProperty("date").GetString());
        Assert.True(first.GetProperty("unread").GetBoolean());
    }

    [Theory]
    [InlineData("köln", "labelIds=Label_7")]
    [InlineData("Label_7", "labelIds=Label_7")]
    [InlineData("inbox", "labelIds=INBOX")]
    [InlineData("sent", "labelIds=SENT")]
    public async Task A_folder_is_found_by_id_or_name(string folder, string expected)
    {
        (await _client.CallAsync("list_emails", ("folder", folder))).Value();

        Assert.Contains(expected, Assert.Single(_gmail.Queries), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Searching_passes_the_query_whole()
    {
        (await _client.CallAsync("search_emails", ("query", "from:a&b \"x\" #1"), ("limit", 3))).Value();

        Assert.Equal("?maxResults=3&q=from%3Aa%26b%20%22x%22%20%231", Assert.Single(_gmail.Queries));
    }

    [Theory]
    [InlineData("list_emails", "limit", 0, "between 1 and 100")]
    [InlineData("list_emails", "limit", 101, "between 1 and 100")]
    [InlineData("list_emails", "folder", "no such", "list_folders")]
    [InlineData("read_email", "id", "../labels", "'id' must be")]
    [InlineData("read_email", "id", "m9?x=1", "'id' must be")]
    [InlineData("read_email", "id", "missing", "no such e-mail")]
    [InlineData("search_emails", "query", " ", "'query'")]
    public async Task Wrong_arguments_are_answered_with_a_sentence(string tool, string name, object value, string sentence)
    {
        Assert.Contains(sentence, (await _client.CallAsync(tool, (name, value))).Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_plain_part_of_a_nested_message_is_read_and_attachments_are_named()
    {
        var attachment = FakeGmail.Part("application/pdf", [1, 2, 3]);
        attachment["filename"] = "=?utf-8?B?w7wucGRm?=";
        var evil = FakeGmail.Part("text/plain", Encoding.UTF8.GetBytes("attached text"));
        evil["filename"] = "note.txt";
        _gmail.Add("ana", "m1", FakeGmail.Multipart(
            "multipart/mixed",
            FakeGmail.Multipart(
                "multipart/alternative",
                FakeGmail.Part("text/plain; charset=utf-8", Encoding.UTF8.GetBytes("plain ü")),
                FakeGmail.Part("text/html", Encoding.UTF8.GetBytes("<b>rich</b>"))),
            attachment,
            evil));

        var email = (await _client.CallAsync("read_email", ("id", "m1"))).Value();

        Assert.Equal("plain ü", email.GetProperty("body").GetString());
        Assert.Equal(["ü.pdf", "note.txt"], email.GetProperty("attachments").EnumerateArray().Select(a => a.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Html_becomes_text_where_there_is_nothing_else()
    {
        const string Html = "<html><head><title>t</title><style>p{}</style></head><body><!-- <p>no</p> --><p>Hi&nbsp;&amp; bye</p><script>x<y</script><ul><li>one</li><li>2 < 3</li></ul></body></html>";
        _gmail.Add("ana", "m1", FakeGmail.Multipart("multipart/alternative", FakeGmail.Multipart("multipart/related", FakeGmail.Part("text/html", Encoding.UTF8.GetBytes(Html)))));

        var email = (await _client.CallAsync("read_email", ("id", "m1"))).Value();

        Assert.Equal("Hi & bye\n\none\n\n2 < 3", email.GetProperty("body").GetString());
    }

    [Theory]
    [InlineData("iso-8859-1", new byte[] { 0x47, 0x72, 0xFC, 0xDF, 0x65 }, "Grüße")]
    [InlineData("\"windows-1252\"", new byte[] { 0x80, 0x35 }, "€5")]
    [InlineData("iso-8859-1", new byte[] { 0x47, 0x72, 0xC3, 0xBC, 0xC3, 0x9F, 0x65 }, "Grüße")]
    [InlineData("iso-2022-jp", new byte[] { 0x1B, 0x24, 0x42, 0x46, 0x7C, 0x1B, 0x28, 0x42 }, "日")]
    [InlineData("no-such-set", new byte[] { 0xFF, 0x41 }, "ÿA")]
    public async Task Bodies_are_decoded_by_their_character_set(string charset, byte[] bytes, string expected)
    {
        _gmail.Add("ana", "m1", FakeGmail.Part("text/plain; format=flowed; charset=" + charset, bytes));

        var email = (await _client.CallAsync("read_email", ("id", "m1"))).Value();

        Assert.Equal(expected, email.GetProperty("body").GetString());
    }

    [Fact]
    public async Task A_long_text_is_fetched_apart_and_cut()
    {
        var part = FakeGmail.Part("text/plain", []);
        part["body"] = new System.Text.Json.Nodes.JsonObject { ["attachmentId"] = "big", ["size"] = 200_000 };
        _gmail.Attachments["big"] = System.Buffers.Text.Base64Url.EncodeToString(Encoding.ASCII.GetBytes(new string('x', 200_000)));
        _gmail.Add("ana", "m1", part);

        var email = (await _client.CallAsync("read_email", ("id", "m1"))).Value();

        Assert.Equal(100_000, email.GetProperty("body").GetString()!.Length);
        Assert.True(email.GetProperty("truncated").GetBoolean());
    }

    [Fact]
    public async Task A_header_cannot_bring_control_characters_to_the_reader()
    {
        _gmail.Add("ana", "m1", FakeGmail.Part("text/plain", [], ("Subject", "=?utf-8?B?" + Convert.ToBase64String("a\r\nBcc: x\u001b[31m"u8) + "?=")));

        var email = (await _client.CallAsync("read_email", ("id", "m1"))).Value();

        Assert.Equal("a  Bcc: x [31m", email.GetProperty("subject").GetString());
    }

    [Fact]
    public async Task Sending_writes_a_message_that_a_mail_program_reads()
    {
        var body = "Hällo,\nline two\r\n.\r\n" + new string('ü', 200);

        var sent = await _client.CallAsync(
            "send_email", ("to", "ben@example.com, \"Käthe, R.\" <k@münchen.example>"), ("subject", "Grüße 🎉"), ("body", body), ("cc", "c@example.com"), ("bcc", "d@example.com"));

        Assert.Equal("sent1", sent.Value().GetProperty("id").GetString());
        var (account, raw) = Assert.Single(_gmail.Sent);
        Assert.Equal("ana", account);
        var message = ReadMessage.From(raw);
        Assert.Equal("ben@example.com, Käthe, R. <k@xn--mnchen-3ya.example>", message.Header("To"));
        Assert.Equal("c@example.com", message.Header("Cc"));
        Assert.Equal("d@example.com", message.Header("Bcc"));
        Assert.Equal("Grüße 🎉", message.Header("Subject"));
        Assert.Equal(body.ReplaceLineEndings("\r\n"), message.Body);
        Assert.All(raw.Split("\r\n"), line => Assert.True(line.Length <= 78, line));
    }

    [Theory]
    [InlineData("to", "ben@example.com\r\nBcc: eve@example.com")]
    [InlineData("to", "ben@example.com\nBcc: eve@example.com")]
    [InlineData("to", "\"a\r\nBcc: eve@example.com\" <ben@example.com>")]
    [InlineData("to", "not an address")]
    [InlineData("to", "")]
    [InlineData("cc", "x@example.com\r\n\r\nbody")]
    [InlineData("bcc", "x@example.com\0")]
    [InlineData("subject", "hi\r\nBcc: eve@example.com")]
    [InlineData("subject", "hi\nX: y")]
    [InlineData("subject", "hi\u0085X: y")]
    public async Task Header_injection_is_refused_and_nothing_is_sent(string field, string value)
    {
        var arguments = new Dictionary<string, object?> { ["to"] = "ben@example.com", ["subject"] = "s", ["body"] = "b", [field] = value };

        var problem = (await _client.CallAsync("send_email", [.. arguments.Select(a => (a.Key, a.Value))])).Problem();

        Assert.Contains(field, problem, StringComparison.Ordinal);
        Assert.Empty(_gmail.Sent);
    }

    [Theory]
    [InlineData(401, "no longer accepts the sign-in")]
    [InlineData(403, "allow what this tool needs")]
    [InlineData(429, "slow down")]
    [InlineData(500, "not available right now")]
    [InlineData(307, "redirect")]
    [InlineData(400, "Gmail refused this: bad *** header")]
    public async Task Gmails_errors_are_sentences_without_the_token(int status, string sentence)
    {
        _gmail.Fault = context =>
        {
            context.Response.Headers.Location = _gmail.Address + "/elsewhere";
            return Results.Json(new { error = new { code = status, message = "bad tok-ana header" } }, statusCode: status);
        };

        var problem = (await _client.CallAsync("list_folders")).Problem();

        Assert.Contains(sentence, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("tok-ana", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gmail_that_does_not_answer_is_given_up_on()
    {
        _gmail.Fault = _ => new Never();

        Assert.Contains("did not answer within 2 seconds", (await _client.CallAsync("list_folders")).Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gmail_that_is_not_there_or_talks_nonsense_is_a_sentence()
    {
        _gmail.Fault = _ => Results.Text("<html>", "text/html");
        Assert.Contains("could not be read", (await _client.CallAsync("list_folders")).Problem(), StringComparison.Ordinal);

        await _gmail.DisposeAsync();
        Assert.Contains("could not be reached", (await _client.CallAsync("list_folders")).Problem(), StringComparison.Ordinal);
    }

    private sealed class Never : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => Task.Delay(Timeout.Infinite, httpContext.RequestAborted);
    }
}
