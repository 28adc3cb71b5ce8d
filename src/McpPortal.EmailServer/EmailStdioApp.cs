using McpPortal.EmailServer.Gmail;
using ModelContextProtocol.Server;

namespace McpPortal.EmailServer;

/// <summary>One process for one user. Standard output carries the protocol and nothing else; logs go to standard error.</summary>
internal static class EmailStdioApp
{
    public static async Task RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();
        var options = GmailOptions.Read(configuration);
        using var logs = LoggerFactory.Create(log => log
            .SetMinimumLevel(LogLevel.Warning)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        using var http = GmailHttp.Create(options);
        var source = TokenFrom(configuration, http, options);

        await using var transport = new StdioServerTransport(EmailMcpServer.Name, logs);
        await using var server = McpServer.Create(transport, EmailMcpServer.Create(new GmailClient(http, options), _ => source), logs);
        await server.RunAsync();
    }

    private static ITokenSource? TokenFrom(IConfiguration configuration, HttpClient http, GmailOptions options)
    {
        if (FixedToken.From(configuration["GMAIL_ACCESS_TOKEN"]) is { } token)
        {
            return token;
        }

        return configuration["GMAIL_CLIENT_ID"] is { Length: > 0 } id
            && configuration["GMAIL_CLIENT_SECRET"] is { Length: > 0 } secret
            && configuration["GMAIL_REFRESH_TOKEN"] is { Length: > 0 } refresh
            ? new RefreshedToken(http, options, new GmailClientCredentials(id, secret, refresh), TimeProvider.System)
            : null;
    }
}
