namespace McpPortal.Sandbox;

/// <summary>Passes each POST on and its answer back, and does nothing else: what any gateway costs on a machine before it does anything of its own. For <c>infra/bench</c>.</summary>
internal static class Forwarder
{
    private static readonly string[] PassedOn =
        ["Accept", "Authorization", "X-Whoami-Token", "Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"];

    public static async Task<int> RunAsync(Uri target)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false });
        app.MapMethods("{**path}", [HttpMethods.Post, HttpMethods.Delete], context => ForwardAsync(http, target, context));
        await app.StartAsync();
        await Console.Out.WriteLineAsync($"forwarder ready: {app.Urls.First()}");
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static async Task ForwardAsync(HttpClient http, Uri target, HttpContext context)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(context.Request.Method), target);
        if (context.Request.ContentType is { } type)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var name in PassedOn)
        {
            if (context.Request.Headers.TryGetValue(name, out var value))
            {
                request.Headers.TryAddWithoutValidation(name, value.ToString());
            }
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        if (response.Headers.TryGetValues("Mcp-Session-Id", out var ids))
        {
            context.Response.Headers["Mcp-Session-Id"] = ids.ToArray();
        }

        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
