using System.Text;

namespace McpPortal.Tests.Rig.Canaries;

/// <summary>Hands headers and bodies of the portal's answers to the scan. Streams of events are left to their reader.</summary>
internal sealed class HeardBodies(CanaryScan scan, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>An answer to this request shows its owner what is theirs, once: a new access key, or what a tool returned.</summary>
    public static readonly HttpRequestOptionsKey<bool> ShowsOwn = new("shows own");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var place = $"answer to {request.Method} {request.RequestUri?.AbsolutePath}";
        // The address of a redirect is the browser's way to and from the provider; the cookie is the browser's own.
        scan.Hear($"{place}, headers", string.Join('\n', response.Headers.Where(header => header.Key is not ("Location" or "Set-Cookie")).Select(header => $"{header.Key}: {string.Join(", ", header.Value)}")));
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream" && !(request.Options.TryGetValue(ShowsOwn, out var own) && own))
        {
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            scan.Hear(place, Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellationToken)));
        }

        return response;
    }
}
