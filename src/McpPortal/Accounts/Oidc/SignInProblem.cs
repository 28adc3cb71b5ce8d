using System.Text.Encodings.Web;

namespace McpPortal.Accounts.Oidc;

/// <summary>A page without script or state that says what went wrong and offers to start again.</summary>
internal static class SignInProblem
{
    public static async Task WriteAsync(HttpContext context, int status, string title, string sentence)
    {
        var encode = HtmlEncoder.Default;
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "10";
        }

        await context.Response.WriteAsync($"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{encode.Encode(title)} · McpPortal</title></head>
            <body>
            <main>
            <h1>{encode.Encode(title)}</h1>
            <p>{encode.Encode(sentence)}</p>
            <p><a href="{encode.Encode(context.Request.PathBase + "/signin")}">Sign in</a></p>
            </main>
            </body>
            </html>
            """, context.RequestAborted);
    }
}
