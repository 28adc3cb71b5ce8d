namespace McpPortal.Sandbox.McpServers;

/// <summary>Answers 401 before any MCP is spoken when the credential is missing or no longer good.</summary>
internal sealed class CallerMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<CallerCheck>() is not { } check)
        {
            return next(context);
        }

        if (check.Identify(context) is not { } caller)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = check.Challenge;
            return Task.CompletedTask;
        }

        context.Items[McpCaller.Item] = caller;
        return next(context);
    }
}
