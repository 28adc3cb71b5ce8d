namespace McpPortal.Hosting;

/// <summary>
/// <c>Portal:HeadersTimeout</c>: how long the head of a request may take to arrive. And no request whose length two readers could see
/// differently (RFC 9112 §6.3): a proxy in front might take the rest of it for another person's request.
/// </summary>
internal static class RequestLimits
{
    private const string Key = "Portal:HeadersTimeout";
    private const string MovedLength = "X-Content-Length";

    public static void AddRequestLimits(this WebApplicationBuilder builder)
    {
        var timeout = builder.Configuration.GetValue<TimeSpan?>(Key) ?? TimeSpan.FromSeconds(15);
        if (timeout <= TimeSpan.Zero)
        {
            throw new InvalidOperationException($"{Key} is {timeout}. Write a positive time such as 00:00:15.");
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = timeout;
        });
    }

    public static void UseRequestLimits(this WebApplication app) => app.Use((context, next) =>
    {
        // The server takes the chunks and moves the other length aside under this name.
        var headers = context.Request.Headers;
        if (headers.TransferEncoding.Count == 0 || (headers.ContentLength is null && !headers.ContainsKey(MovedLength)))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        context.Response.Headers.Connection = "close";
        return Task.CompletedTask;
    });
}
