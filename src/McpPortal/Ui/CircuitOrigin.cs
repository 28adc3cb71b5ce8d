namespace McpPortal.Ui;

/// <summary>
/// Refuses circuits that another site opens. A WebSocket knows no same-origin policy, and SameSite counts a neighbouring port or subdomain as
/// the same site.
/// </summary>
internal static class CircuitOrigin
{
    public const string Path = "/_blazor";

    public static void UseCircuitOrigin(this WebApplication app, bool plainHttp)
    {
        var own = Origin(app.Services.GetRequiredService<PublicUrl>().Value);
        app.UseWhen(context => context.Request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase), circuits => circuits.Use((context, next) =>
        {
            var origins = context.Request.Headers.Origin;
            // Without one it is no browser that could have been talked into this. A portal on loopback is also reached by the machine's other names and ports.
            if (origins.Count == 0 || (origins.Count == 1 && (origins[0] == own || (plainHttp && origins[0] == $"{context.Request.Scheme}://{context.Request.Host}"))))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }));
    }

    private static string Origin(Uri url) => url.GetLeftPart(UriPartial.Authority);
}
