using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Conformance;

/// <summary>
/// Stands before the portal and adds an access key to each request, which the suites cannot do. <c>Host</c> and <c>Origin</c> go on
/// as they came: a scenario sends false ones.
/// </summary>
internal sealed class KeyFront : IAsyncDisposable
{
    private static readonly HashSet<string> OwnToEachHop = new(StringComparer.OrdinalIgnoreCase) { "Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Host" };

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
    private readonly WebApplication _app;
    private readonly Uri _portal;
    private readonly string _key;

    private KeyFront(Uri portal, string key)
    {
        (_portal, _key) = (portal, key);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(ForwardAsync);
    }

    public Uri Address(string path) => new(_app.Urls.Single() + path);

    public static async Task<KeyFront> StartAsync(Uri portal, string key)
    {
        var front = new KeyFront(portal, key);
        await front._app.StartAsync(TestContext.Current.CancellationToken);
        return front;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        try
        {
            using var request = Copy(context.Request);
            using var response = await _http.SendAsync(request, context.RequestAborted);
            await AnswerAsync(context, response);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            // One of the two sides has left, so the other has to learn of it.
            context.Abort();
        }
    }

    private HttpRequestMessage Copy(HttpRequest from)
    {
        var request = new HttpRequestMessage(new HttpMethod(from.Method), new Uri(_portal, from.Path.Value + from.QueryString));
        if (from.HttpContext.Features.GetRequiredFeature<IHttpRequestBodyDetectionFeature>().CanHaveBody)
        {
            request.Content = new StreamContent(from.Body);
        }

        foreach (var (name, values) in from.Headers)
        {
            if (!OwnToEachHop.Contains(name) && !request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        request.Headers.Host = from.Host.Value;
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {_key}");
        return request;
    }

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage from)
    {
        context.Response.StatusCode = (int)from.StatusCode;
        foreach (var (name, values) in from.Headers.Concat(from.Content.Headers))
        {
            if (!OwnToEachHop.Contains(name))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await using var body = await from.Content.ReadAsStreamAsync(context.RequestAborted);
        await body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
