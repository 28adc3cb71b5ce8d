using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Sandbox.Pages;

/// <summary>The frame of every page: plain HTML, no script, one inline style that the policy names by its hash.</summary>
internal static class SandboxPage
{
    private const string Style = """
        :root{color-scheme:light dark;--ground:#f4f5f7;--card:#fff;--ink:#1d2330;--soft:#5b6475;--line:#d9dde5;--accent:#2f5fd0;--on:#fff;--note:#8a5a00;--wash:#fff6e0}
        @media(prefers-color-scheme:dark){:root{--ground:#14171d;--card:#1d222b;--ink:#e8ebf1;--soft:#a3acbd;--line:#353c49;--accent:#8fb0ff;--on:#10131a;--note:#f0c568;--wash:#33290f}}
        *{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{width:100%;max-width:420px;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:32px}
        .mark{display:inline-block;margin:0 0 16px;padding:2px 10px;border-radius:99px;background:var(--wash);color:var(--note);font-size:13px}
        h1{font-size:22px;line-height:1.3;margin:0 0 8px}p{margin:0 0 16px;color:var(--soft)}b{color:var(--ink)}
        form{display:grid;grid-template-columns:minmax(0,1fr);gap:8px;margin:16px 0 0}button,label{width:100%;padding:12px 16px;border:1px solid var(--line);border-radius:8px;background:transparent;color:inherit;font:inherit;text-align:left}
        button{cursor:pointer}button small,label small{display:block;color:var(--soft)}button:hover{border-color:var(--accent)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
        .main{background:var(--accent);border-color:var(--accent);color:var(--on);font-weight:600}.main small{color:inherit;font-weight:400}.plain{text-align:center}
        label{display:flex;gap:12px;align-items:center}label span{min-width:0;overflow-wrap:anywhere}fieldset{min-width:0;border:0;margin:0 0 8px;padding:0;display:grid;grid-template-columns:minmax(0,1fr);gap:8px}legend{padding:0 0 6px;color:var(--soft);font-size:14px}
        """;

    private static readonly string StyleHash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)));

    public static IResult Show(string title, string body, int status = StatusCodes.Status200OK) => new Page($"""
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{Text(title)}</title><style>{Style}</style></head>
        <body><main><div class="mark">Sandbox – development only</div><h1>{Text(title)}</h1>{body}</main></body></html>
        """, status);

    public static IResult Problem(string sentence) =>
        Show("This request cannot go on", $"""<p data-testid="problem">{Text(sentence)}</p>""", StatusCodes.Status400BadRequest);

    public static string Text(string? value) => WebUtility.HtmlEncode(value ?? "");

    private sealed class Page(string html, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            // form-action covers the redirect that follows the post, so the portal's address has to be in it.
            var headers = httpContext.Response.Headers;
            headers.ContentSecurityPolicy =
                $"default-src 'none'; style-src 'sha256-{StyleHash}'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' http://localhost:* http://127.0.0.1:*";
            headers.CacheControl = "no-store";
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = "text/html; charset=utf-8";
            return httpContext.Response.WriteAsync(html, httpContext.RequestAborted);
        }
    }
}
