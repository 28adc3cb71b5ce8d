using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace McpPortal.Sessions;

/// <summary>
/// Many servers of the older revisions answer 400 instead of 404 to a session that they do not know any more, after a restart say. The client
/// would keep such a session for ever; as 404 it is what the specification calls it, and a new session follows. What answers the message itself
/// is no such answer, whatever it says: that message was taken, and must not be sent once more.
/// </summary>
internal sealed class ForgottenSessionHandler : DelegatingHandler
{
    private const string SessionId = "Mcp-Session-Id";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.BadRequest || request.Method != HttpMethod.Post || !request.Headers.Contains(SessionId))
        {
            return response;
        }

        // Read into memory, where whoever comes next finds it too.
        var words = await response.Content.ReadAsStringAsync(cancellationToken);
        if (words.Contains("session", StringComparison.OrdinalIgnoreCase) && !await AnswersAsync(words, request, cancellationToken))
        {
            response.StatusCode = HttpStatusCode.NotFound;
        }

        return response;
    }

    private static async Task<bool> AnswersAsync(string words, HttpRequestMessage request, CancellationToken cancellationToken) =>
        IdIn(words) is { } id && IdIn(await request.Content!.ReadAsStringAsync(cancellationToken)) == id;

    private static string? IdIn(string json)
    {
        try
        {
            return (JsonNode.Parse(json) as JsonObject)?["id"]?.ToJsonString();
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // No JSON, or with keys that come twice: no answer to a message.
            return null;
        }
    }
}
