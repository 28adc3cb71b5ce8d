using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpPortal.StreamableHttp;

/// <summary>Which answers a request says it can read.</summary>
internal static class Accepts
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly MediaTypeHeaderValue Events = new("text/event-stream");

    public static bool Both(HttpRequest request) => Covers(request, Json) && Covers(request, Events);

    public static bool EventStream(HttpRequest request) => Covers(request, Events);

    private static bool Covers(HttpRequest request, MediaTypeHeaderValue wanted) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(a => a.Quality is not 0 && wanted.IsSubsetOf(WithoutQuality(a)));

    /// <summary>A quality counts as a parameter in <see cref="MediaTypeHeaderValue.IsSubsetOf"/>'s eyes.</summary>
    private static MediaTypeHeaderValue WithoutQuality(MediaTypeHeaderValue value) => new(value.MediaType);
}
