using System.Text.Json;
using McpPortal.EmailServer.Gmail;
using Microsoft.Extensions.AI;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.EmailServer;

/// <summary>The server that all modes serve; they differ only in where a call's token comes from.</summary>
internal static class EmailMcpServer
{
    public const string Name = "email";

    public static McpServerOptions Create(GmailClient gmail, Func<RequestContext<CallToolRequestParams>, ITokenSource?> tokens)
    {
        var tools = new EmailTools(gmail, tokens);
        return new()
        {
            ServerInfo = new() { Name = Name, Title = "E-mail (Gmail)", Version = "1.0.0" },
            ToolCollection =
            [
                Tool<EmailList>(tools.ListEmails, "list_emails", "List e-mails", readOnly: true),
                Tool<EmailMessage>(tools.ReadEmail, "read_email", "Read an e-mail", readOnly: true),
                Tool<EmailList>(tools.SearchEmails, "search_emails", "Search e-mails", readOnly: true),
                Tool<EmailSent>(tools.SendEmail, "send_email", "Send an e-mail", readOnly: false),
                Tool<EmailFolders>(tools.ListFolders, "list_folders", "List folders", readOnly: true),
            ],
        };
    }

    /// <summary>What is sent cannot be taken back: whatever does not only read counts as destructive.</summary>
    private static McpServerTool Tool<T>(Delegate tool, string name, string title, bool readOnly) => McpServerTool.Create(tool, new()
    {
        Name = name,
        Title = title,
        ReadOnly = readOnly,
        Destructive = !readOnly,
        Idempotent = readOnly,
        OpenWorld = true,
        UseStructuredContent = true,
        OutputSchema = AIJsonUtilities.CreateJsonSchema(typeof(T), serializerOptions: ToolAnswer.Json),
    });
}
