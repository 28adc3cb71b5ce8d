using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.EmailServer;

/// <summary>The part of Gmail's REST API that the e-mail server uses, with a mailbox per account; the token names the account.</summary>
internal sealed class FakeGmail : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _refreshes;

    private FakeGmail(WebApplication app) => _app = app;

    public string Address => _app.Urls.Single();

    public string[] Arguments => ["--Gmail:BaseUrl=" + Address, $"--Gmail:TokenUrl={Address}/token"];

    public ConcurrentDictionary<string, string> Accounts { get; } = new() { ["tok-ana"] = "ana", ["tok-ben"] = "ben" };

    public ConcurrentDictionary<string, JsonNode> Messages { get; } = new();

    public ConcurrentDictionary<string, string> Attachments { get; } = new();

    public ConcurrentQueue<(string Account, string Raw)> Sent { get; } = [];

    public ConcurrentQueue<string> Queries { get; } = [];

    public int Refreshes => _refreshes;

    /// <summary>Answers a Gmail request in place of the fake; null lets it through.</summary>
    public Func<HttpContext, IResult?> Fault { get; set; } = _ => null;

    public Func<IResult?> TokenFault { get; set; } = () => null;

    public static async Task<FakeGmail> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var fake = new FakeGmail(builder.Build());
        fake.Map();
        await fake._app.StartAsync();
        return fake;
    }

    /// <summary>Puts a message of one text part into an account.</summary>
    public void Add(string account, string id, string subject, string body) => Messages[$"{account}/{id}"] = new JsonObject
    {
        ["id"] = id,
        ["threadId"] = "t-" + id,
        ["labelIds"] = new JsonArray("INBOX", "UNREAD"),
        ["snippet"] = "It&#39;s",
        ["internalDate"] = "1767225600000",
        ["payload"] = Part("text/plain; charset=utf-8", Encoding.UTF8.GetBytes(body), ("Subject", subject), ("From", $"{account}@example.com"), ("To", "x@example.com")),
    };

    public void Add(string account, string id, JsonNode payload) =>
        Messages[$"{account}/{id}"] = new JsonObject { ["id"] = id, ["threadId"] = "t-" + id, ["internalDate"] = "0", ["payload"] = payload };

    public static JsonObject Part(string contentType, byte[] data, params (string Name, string Value)[] headers) => new()
    {
        ["mimeType"] = contentType.Split(';')[0],
        ["filename"] = "",
        ["headers"] = new JsonArray([.. headers.Append(("Content-Type", contentType)).Select(h => (JsonNode)new JsonObject { ["name"] = h.Item1, ["value"] = h.Item2 })]),
        ["body"] = new JsonObject { ["size"] = data.Length, ["data"] = Base64Url.EncodeToString(data) },
    };

    public static JsonObject Multipart(string type, params JsonNode[] parts) => new() { ["mimeType"] = type, ["filename"] = "", ["parts"] = new JsonArray(parts) };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Map()
    {
        _app.MapPost("/token", async (HttpRequest request) =>
        {
            var form = await request.ReadFormAsync();
            var number = Interlocked.Increment(ref _refreshes);
            if (TokenFault() is { } fault)
            {
                return fault;
            }

            if (form["refresh_token"] != "refresh-ana" || form["client_id"] != "id" || form["client_secret"] != "secret" || form["grant_type"] != "refresh_token")
            {
                return Results.Json(new { error = "invalid_grant" }, statusCode: 400);
            }

            Accounts[$"fresh-{number}"] = "ana";
            return Results.Json(new { access_token = $"fresh-{number}", expires_in = 3600, token_type = "Bearer" });
        });

        var mailbox = _app.MapGroup("/gmail/v1/users/me").AddEndpointFilter(async (context, next) =>
        {
            var request = context.HttpContext.Request;
            if (Fault(context.HttpContext) is { } fault)
            {
                return fault;
            }

            return Accounts.ContainsKey(Token(request))
                ? await next(context)
                : Results.Json(new { error = new { code = 401, message = "Invalid Credentials for " + Token(request) } }, statusCode: 401);
        });
        mailbox.MapGet("/messages", (HttpRequest request) =>
        {
            Queries.Enqueue(request.QueryString.Value!);
            var limit = int.Parse(request.Query["maxResults"]!, System.Globalization.CultureInfo.InvariantCulture);
            var ids = Messages.Keys.Where(k => k.StartsWith(Account(request) + "/", StringComparison.Ordinal)).Select(k => k.Split('/')[1]).Order(StringComparer.Ordinal).ToArray();
            return Results.Json(new { messages = ids.Take(limit).Select(id => new { id, threadId = "t-" + id }), nextPageToken = ids.Length > limit ? "next" : null });
        });
        mailbox.MapGet("/messages/{id}", (HttpRequest request, string id) =>
            Messages.TryGetValue($"{Account(request)}/{id}", out var message)
                ? Results.Text(message.ToJsonString(), "application/json")
                : Results.Json(new { error = new { code = 404, message = "Requested entity was not found." } }, statusCode: 404));
        mailbox.MapGet("/messages/{id}/attachments/{attachment}", (string attachment) => Results.Json(new { size = 1, data = Attachments[attachment] }));
        mailbox.MapPost("/messages/send", async (HttpRequest request) =>
        {
            var body = await JsonSerializer.DeserializeAsync<JsonNode>(request.Body);
            Sent.Enqueue((Account(request), Encoding.ASCII.GetString(Base64Url.DecodeFromChars((string)body!["raw"]!))));
            return Results.Json(new { id = "sent1", threadId = "t1", labelIds = new[] { "SENT" } });
        });
        mailbox.MapGet("/labels", () => Results.Json(new { labels = new object[] { new { id = "INBOX", name = "INBOX", type = "system" }, new { id = "Label_7", name = "Köln", type = "user" } } }));
    }

    private static string Token(HttpRequest request) => request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal);

    private string Account(HttpRequest request) => Accounts[Token(request)];
}
