using System.Net;

namespace McpPortal.EmailServer.Gmail;

internal static class GmailHttp
{
    /// <summary>A client that follows no redirect: the bearer token goes to the configured address and nowhere else.</summary>
    public static HttpClient Create(GmailOptions options) => new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        },
        disposeHandler: true)
    {
        Timeout = options.Timeout,
        MaxResponseContentBufferSize = options.MaxAnswerBytes,
    };
}
