using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace McpPortal.Tests.Sandbox;

public sealed class GoogleTests
{
    private const string Ana = "ana@gmail.sandbox.test";
    private const string Ben = "ben@gmail.sandbox.test";
    private const string Gmail = "/google/gmail/v1/users/me";

    [Fact]
    public async Task Each_account_has_its_own_mailbox()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        var ben = await ProviderAccount.GoogleAsync(sandbox, Ben);
        Assert.Equal(Ana, (string?)(await ana.GetAsync($"{Gmail}/profile"))["emailAddress"]);
        var mine = await IdsAsync(ana, "?q=marker");
        Assert.Single(mine);
        Assert.Empty((await IdsAsync(ana)).Intersect(await IdsAsync(ben)));
        using var foreign = await ben.SendAsync(HttpMethod.Get, $"{Gmail}/messages/{mine[0]}");
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        using var other = await ben.SendAsync(HttpMethod.Get, $"/google/gmail/v1/users/{Ana}/messages");
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
    }

    [Theory]
    [InlineData("in:inbox is:unread", 3)]
    [InlineData("is:unread -from:cara", 2)]
    [InlineData("has:attachment", 1)]
    [InlineData("filename:invoice.csv", 1)]
    [InlineData("subject:\"Meeting on Thursday\"", 1)]
    [InlineData("Grüße", 1)]
    [InlineData("schöne bilder", 1)]
    [InlineData("newer_than:1d", 3)]
    [InlineData("no-such-word-anywhere", 0)]
    public async Task Search_understands_gmails_words(string query, int expected)
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        Assert.Equal(expected, (await IdsAsync(ana, $"?q={Uri.EscapeDataString(query)}")).Count);
    }

    [Fact]
    public async Task Lists_are_paged_and_filtered_by_label()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        var page = await ana.GetAsync($"{Gmail}/messages?labelIds=INBOX&maxResults=4");
        Assert.Equal(4, page["messages"]!.AsArray().Count);
        var rest = await IdsAsync(ana, $"?labelIds=INBOX&maxResults=4&pageToken={page["nextPageToken"]}");
        Assert.Equal(2, rest.Count);
        Assert.Equal(2, (await IdsAsync(ana, "?labelIds=INBOX&labelIds=IMPORTANT")).Count);
        var inbox = await ana.GetAsync($"{Gmail}/labels/INBOX");
        Assert.Equal(6, (int)inbox["messagesTotal"]!);
    }

    [Fact]
    public async Task A_message_has_parts_encoded_headers_and_attachments()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        var trip = await ana.GetAsync($"{Gmail}/messages/{(await IdsAsync(ana, "?q=K%C3%B6ln"))[0]}");
        var payload = trip["payload"]!;
        Assert.Equal("multipart/alternative", (string?)payload["mimeType"]);
        Assert.StartsWith("=?UTF-8?B?", Header(payload, "Subject"), StringComparison.Ordinal);
        Assert.Equal("Schöne Grüße! Die Bilder kommen morgen, Ana. Das ist eine lange Zeile.", Data(payload["parts"]![0]!["body"]!).Trim());
        Assert.Contains("<b>Grüße</b>", Data(payload["parts"]![1]!["body"]!), StringComparison.Ordinal);

        var invoice = await ana.GetAsync($"{Gmail}/messages/{(await IdsAsync(ana, "?q=has:attachment"))[0]}");
        var file = invoice["payload"]!["parts"]![1]!;
        Assert.Equal("invoice.csv", (string?)file["filename"]);
        Assert.Null(file["body"]!["data"]);
        var attachment = await ana.GetAsync($"{Gmail}/messages/{invoice["id"]}/attachments/{file["body"]!["attachmentId"]}");
        Assert.Contains("chair;120", Data(attachment), StringComparison.Ordinal);

        var metadata = await ana.GetAsync($"{Gmail}/messages/{invoice["id"]}?format=metadata&metadataHeaders=Subject&metadataHeaders=From");
        Assert.Equal(2, metadata["payload"]!["headers"]!.AsArray().Count);
        var raw = await ana.GetAsync($"{Gmail}/messages/{invoice["id"]}?format=raw");
        Assert.Contains("Subject: Invoice 2026-118\r\n", Encoding.UTF8.GetString(Base64Url.DecodeFromChars((string)raw["raw"]!)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sent_message_is_in_sent_and_arrives()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        var ben = await ProviderAccount.GoogleAsync(sandbox, Ben);
        var raw = $"To: {Ben}\r\nSubject: Tickets\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nI have two tickets.\r\n";
        using var sent = await ana.SendAsync(HttpMethod.Post, $"{Gmail}/messages/send", JsonContent.Create(new { raw = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(raw)) }));
        var id = (string?)(await sent.Content.ReadFromJsonAsync<JsonObject>())!["id"];
        Assert.Equal(id, Assert.Single(await IdsAsync(ana, "?q=in:sent%20subject:Tickets")));
        var arrived = await ben.GetAsync($"{Gmail}/messages/{Assert.Single(await IdsAsync(ben, "?q=subject:Tickets%20is:unread"))}");
        Assert.Equal(Ana, Header(arrived["payload"]!, "From"));
        Assert.Equal("I have two tickets.", Data(arrived["payload"]!["body"]!).Trim());
    }

    [Fact]
    public async Task A_permission_left_out_at_consent_is_missing_later()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var back = await sandbox.ClickAsync(
            ProviderAccount.AuthorizePath("google", ProviderAccount.GmailScopes),
            ("decision", "allow"), ("account", Ana), ("scope", "https://www.googleapis.com/auth/gmail.readonly"));
        var (_, tokens) = await ProviderAccount.ExchangeAsync(sandbox, "google", back["code"]);
        Assert.Equal("https://www.googleapis.com/auth/gmail.readonly", (string?)tokens["scope"]);
        var ana = new ProviderAccount(sandbox, "google", tokens);
        Assert.Equal(7, (await IdsAsync(ana)).Count);
        using var refused = await ana.SendAsync(HttpMethod.Post, $"{Gmail}/messages/send", JsonContent.Create(new { raw = "" }));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Fact]
    public async Task Only_the_first_consent_gives_a_refresh_token_unless_asked_again()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        Assert.NotNull((await ProviderAccount.GoogleAsync(sandbox, Ana)).RefreshToken);
        Assert.Null((await ProviderAccount.GoogleAsync(sandbox, Ana)).RefreshToken);
        var back = await sandbox.ClickAsync(
            ProviderAccount.AuthorizePath("google", "openid", ("prompt", "consent")), ("decision", "allow"), ("account", Ana), ("scope", "openid"));
        var (_, tokens) = await ProviderAccount.ExchangeAsync(sandbox, "google", back["code"]);
        Assert.NotNull(tokens["refresh_token"]);
    }

    [Fact]
    public async Task A_revoked_token_is_refused_everywhere()
    {
        await using var sandbox = await SandboxHost.StartAsync();
        var ana = await ProviderAccount.GoogleAsync(sandbox, Ana);
        using var revoked = await sandbox.Browser.PostAsync("/google/revoke", SandboxHost.Form(("token", ana.RefreshToken!)));
        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
        using var refused = await ana.SendAsync(HttpMethod.Get, $"{Gmail}/labels");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("invalid_grant", (string?)(await ana.RefreshAsync()).Body["error"]);
        using var again = await sandbox.Browser.PostAsync("/google/revoke", SandboxHost.Form(("token", ana.RefreshToken!)));
        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
        Assert.Empty((await sandbox.StatsAsync()).LiveFamilies);
    }

    private static async Task<List<string>> IdsAsync(ProviderAccount account, string query = "") =>
        [.. (await account.GetAsync($"{Gmail}/messages{query}"))["messages"]?.AsArray().Select(message => (string)message!["id"]!) ?? []];

    private static string Header(JsonNode payload, string name) =>
        (string)payload["headers"]!.AsArray().Single(header => (string?)header!["name"] == name)!["value"]!;

    private static string Data(JsonNode body) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars((string)body["data"]!));
}
