using System.Net.Http.Headers;
using McpPortal.Outbound;

namespace McpPortal.Connections.Providers;

/// <summary>Sends one request to a provider, once: no retries, no redirects, a capped answer, failures as values.</summary>
internal sealed class ProviderHttp(OutboundGuard guard, TimeProvider time)
{
    private const int MaxAnswerBytes = 256 * 1024;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    public async Task<WireResult> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var client = guard.Create(OutboundPurpose.Provider);
        request.Headers.Accept.Clear();
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (request.Headers.UserAgent.Count == 0)
        {
            // GitHub's API refuses requests without one.
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("McpPortal", "1"));
        }

        return await SendAsync(request, (message, stop) => client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, stop), cancellationToken);
    }

    /// <summary>A handler for a library that insists on sending by itself.</summary>
    public HttpMessageHandler CreateHandler() => guard.CreateHandler(OutboundPurpose.Provider);

    public async Task<WireResult> SendAsync(
        HttpRequestMessage request,
        Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send,
        CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        HttpResponseMessage response;
        try
        {
            response = await send(request, stop.Token);
        }
        catch (OutboundRefusedException e)
        {
            return new WireResult.NotSent(e.Message);
        }
        catch (HttpRequestException e)
        {
            return e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError
                ? new WireResult.NotSent("It could not be reached.")
                : new WireResult.Lost("It closed the connection without an answer.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new WireResult.Lost("It did not answer in time.");
        }

        using (response)
        {
            try
            {
                return new WireResult.Answer(response.StatusCode, await response.ReadCappedAsync(MaxAnswerBytes, stop.Token), RetryAfter(response));
            }
            catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return new WireResult.Lost(e is OutboundRefusedException ? "Its answer was too long." : "Its answer broke off.");
            }
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);
        return wait > TimeSpan.Zero ? wait : null;
    }
}
