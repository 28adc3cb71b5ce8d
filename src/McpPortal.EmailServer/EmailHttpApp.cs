using McpPortal.EmailServer.Gmail;
using McpPortal.StreamableHttp;

namespace McpPortal.EmailServer;

/// <summary>One HTTP server for many users: each request is answered with the bearer token it brings, which is kept nowhere.</summary>
internal static class EmailHttpApp
{
    private const string TokenItem = "gmail.token";

    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.WebHost.UseUrls(builder.Configuration["urls"] ?? "http://127.0.0.1:5091");
        var options = GmailOptions.Read(builder.Configuration);
        var allowedHosts = builder.Configuration["AllowedHosts"]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        builder.Services.AddSingleton(new GmailClient(GmailHttp.Create(options), options));
        var app = builder.Build();
        app.UseMiddleware<BearerToken>();

        var server = EmailMcpServer.Create(
            app.Services.GetRequiredService<GmailClient>(),
            request => request.Items.TryGetValue(TokenItem, out var token) ? (FixedToken)token! : null);
        app.MapMcp("/mcp", new McpEndpointOptions
        {
            Serves = _ => ValueTask.FromResult<McpServing?>(new(() => server)),
            // Nothing outlives a request, so there is nothing that a key would have to guard.
            Stateless = true,
            UserKey = _ => "",
            FillItems = (context, items) => items[TokenItem] = BearerToken.Of(context.Request),
            IsAllowedOrigin = allowedHosts.Length == 0 || allowedHosts.Contains("*") ? OriginRules.SameOrigin : OriginRules.Only(allowedHosts, []),
        });
        return app;
    }
}
