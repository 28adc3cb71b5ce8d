using System.Net;

namespace McpPortal.Sessions;

/// <summary>
/// Many servers of the older revisions answer 400 instead of 404 to a session that they do not know any more, after a restart say. The client
/// would keep such a session for ever; as 404 it is what the specification calls it, and a new session follows.
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
        if (words.Contains("session", StringComparison.OrdinalIgnoreCase))
        {
            response.StatusCode = HttpStatusCode.NotFound;
        }

        return response;
    }
}
