using System.Net;

namespace McpPortal.Sessions;

/// <summary>
/// Bounds what a server can make its client send. The client answers each request of the server without counting, follows the
/// addresses in a challenge, and waits for ever when it says goodbye.
/// </summary>
internal sealed class ServerDemandsHandler : DelegatingHandler
{
    private const int MaxReplies = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private int _replies;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Delete)
        {
            using var deadline = Deadline(cancellationToken);
            return await base.SendAsync(request, deadline.Token);
        }

        if (IsReply(request))
        {
            await ReplyAsync(request, cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.Accepted) { RequestMessage = request };
        }

        var response = await base.SendAsync(request, cancellationToken);

        // The portal asks for consent itself; the client would fetch whatever address stands in resource_metadata.
        response.Headers.WwwAuthenticate.Clear();
        return response;
    }

    /// <summary>Requests and notifications name their method; only answers to the server's own requests do not.</summary>
    private static bool IsReply(HttpRequestMessage request) => request.Method == HttpMethod.Post && !request.Headers.Contains("Mcp-Method");

    private async Task ReplyAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            // One too many is left unanswered; a wait for its turn would only move the crowd.
            if (Interlocked.Increment(ref _replies) <= MaxReplies)
            {
                using var deadline = Deadline(cancellationToken);
                using var response = await base.SendAsync(request, deadline.Token);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _replies);
        }
    }

    private static CancellationTokenSource Deadline(CancellationToken cancellationToken)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        return deadline;
    }
}
