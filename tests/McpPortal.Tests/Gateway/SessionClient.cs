using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace McpPortal.Tests.Gateway;

/// <summary>A client of revision 2025-11-25 without a library: one session, or none, and what is said in it.</summary>
internal sealed class SessionClient(HttpClient http, Uri address, string key)
{
    public const string Revision = "2025-11-25";

    /// <summary>The id that the portal gave; null before there is one.</summary>
    public string? Session { get; set; }

    /// <summary>Begins a session, which must succeed.</summary>
    public Task<SessionClient> BeginAsync(CancellationToken cancellationToken) => BeginAsync("editor", "1.2", cancellationToken);

    /// <summary>The same under another name.</summary>
    public async Task<SessionClient> BeginAsync(string name, string version, CancellationToken cancellationToken)
    {
        var (status, body) = await TryBeginAsync(name, version, cancellationToken);
        Assert.True(status == HttpStatusCode.OK, body);
        return this;
    }

    public Task<(HttpStatusCode Status, string Body)> TryBeginAsync(CancellationToken cancellationToken) => TryBeginAsync("editor", "1.2", cancellationToken);

    private async Task<(HttpStatusCode Status, string Body)> TryBeginAsync(string name, string version, CancellationToken cancellationToken)
    {
        var parameters = new JsonObject { ["protocolVersion"] = Revision, ["capabilities"] = new JsonObject(), ["clientInfo"] = new JsonObject { ["name"] = name, ["version"] = version } };
        using var answer = await SendAsync(HttpMethod.Post, Message(1, "initialize", parameters), cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        Session = answer.Headers.TryGetValues("Mcp-Session-Id", out var ids) ? ids.Single() : null;
        Assert.Equal(answer.StatusCode == HttpStatusCode.OK, Session is not null);
        return (answer.StatusCode, body);
    }

    /// <summary>What the session answers to <c>ping</c>, which reaches no server and no database.</summary>
    public async Task<HttpStatusCode> PingAsync(CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Post, Message(2, "ping", []), cancellationToken);
        await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.StatusCode;
    }

    /// <summary>Sends exactly these bytes and returns the last message of the answer.</summary>
    public async Task<JsonObject> PostAsync(string message, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Post, message, cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode} {body}");
        return (JsonObject)JsonNode.Parse(body.StartsWith('{') ? body : body.Split('\n').Last(line => line.StartsWith("data: ", StringComparison.Ordinal))[6..])!;
    }

    public async Task<HttpStatusCode> DeleteAsync(CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Delete, null, cancellationToken);
        return answer.StatusCode;
    }

    /// <summary>Opens the standing stream.</summary>
    /// <returns>What completes when the portal ends it.</returns>
    public async Task<Task> StreamAsync(CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Get, null, cancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return EndAsync(answer, cancellationToken);
    }

    public static string Message(int id, string method, JsonObject parameters) =>
        new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id, ["method"] = method, ["params"] = parameters }.ToJsonString();

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string? message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        if (Session is { } session)
        {
            request.Headers.Add("Mcp-Session-Id", session);
        }

        request.Content = message is null ? null : new StringContent(message, Encoding.UTF8, "application/json");
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static async Task EndAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        using (answer)
        {
            try
            {
                await answer.Content.CopyToAsync(Stream.Null, cancellationToken);
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                // Cut off.
            }
        }
    }
}
