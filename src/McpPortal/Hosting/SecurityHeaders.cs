using McpPortal.Ui;

namespace McpPortal.Hosting;

/// <summary>Headers that every answer carries; a content security policy without inline scripts among them. Only what asks for it, such as the style sheet, is stored.</summary>
internal static class SecurityHeaders
{
    public static void UseSecurityHeaders(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
        {
            app.UseHsts();
        }

        app.Use((context, next) =>
        {
            // At the last moment: what the page added to the form targets while it rendered counts, and nobody overwrites it afterwards.
            context.Response.OnStarting(Write, context);
            return next(context);
        });
    }

    private static Task Write(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        // not no-referrer: with that a browser sends "Origin: null" with our own forms
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-read=()";
        headers.ContentSecurityPolicy = PolicyFor(context);
        if (headers.CacheControl.Count == 0 || context.Response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true)
        {
            headers.CacheControl = "no-store";
        }

        return Task.CompletedTask;
    }

    // Radzen positions its popups with style attributes, hence style-src-attr; style elements and every inline script stay forbidden.
    private static string PolicyFor(HttpContext context) =>
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        + "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        + $"form-action {string.Join(' ', FormTargets.Of(context))}; base-uri 'self'; frame-ancestors 'none'";
}
