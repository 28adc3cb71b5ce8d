using McpPortal.EmailServer.Gmail;

namespace McpPortal.EmailServer;

/// <summary>Lets nothing through that does not bring exactly one bearer token.</summary>
internal sealed class BearerToken(RequestDelegate next)
{
    private const string Scheme = "Bearer ";

    public static FixedToken? Of(HttpRequest request)
    {
        var values = request.Headers.Authorization;
        return values.Count == 1 && values[0] is { } header && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? FixedToken.From(header[Scheme.Length..])
            : null;
    }

    public async Task InvokeAsync(HttpContext context)
    {
        if (Of(context.Request) is not null)
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = context.Request.Headers.Authorization.Count == 0 ? "Bearer" : "Bearer error=\"invalid_token\"";
        await context.Response.WriteAsJsonAsync(new { error = "invalid_token", error_description = EmailProblemException.NotConfigured.Sentence }, context.RequestAborted);
    }
}
