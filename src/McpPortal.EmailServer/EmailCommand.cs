using McpPortal.EmailServer.Gmail;

namespace McpPortal.EmailServer;

/// <summary>The command line: one HTTP server for many users, or stdio for one.</summary>
internal static class EmailCommand
{
    private const int UsageError = 2;

    private const string Usage = """
        McpPortal.EmailServer: an MCP server for Gmail.

          --http [--urls http://127.0.0.1:5091]   one server for many users; every request brings its bearer token
          --stdio                                 one user; the token comes from GMAIL_ACCESS_TOKEN, or from
                                                  GMAIL_CLIENT_ID, GMAIL_CLIENT_SECRET and GMAIL_REFRESH_TOKEN

        Settings (environment Gmail__BaseUrl, or --Gmail:BaseUrl=...):
          Gmail:BaseUrl     where the Gmail API lives, default https://gmail.googleapis.com
          Gmail:TokenUrl    where tokens are refreshed, default https://oauth2.googleapis.com/token
          Gmail:Timeout     longest wait for one answer, default 00:00:30
          AllowedHosts      names under which --http may be called, separated by ; (default: its own, on loopback)
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Contains("--help"))
        {
            await Console.Out.WriteLineAsync(Usage);
            return 0;
        }

        // The flags must not reach the configuration: it would take the argument after them for their value.
        var settings = args.Where(a => a is not ("--http" or "--stdio")).ToArray();
        try
        {
            switch (args.Contains("--http"), args.Contains("--stdio"))
            {
                case (true, false):
                    await using (var app = EmailHttpApp.Build(settings))
                    {
                        await app.RunAsync();
                    }

                    return 0;
                case (false, true):
                    await EmailStdioApp.RunAsync(settings);
                    return 0;
                default:
                    await Console.Error.WriteLineAsync(Usage);
                    return UsageError;
            }
        }
        catch (GmailOptionsException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return UsageError;
        }
    }
}
