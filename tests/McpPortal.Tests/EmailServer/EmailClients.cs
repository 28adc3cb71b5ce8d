using System.Text.Json;
using McpPortal.EmailServer;
using Microsoft.AspNetCore.Builder;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Tests.EmailServer;

/// <summary>Clients of the e-mail server in each of its modes.</summary>
internal static class EmailClients
{
    public static async Task<WebApplication> StartHttpAsync(FakeGmail gmail, params string[] more)
    {
        var app = EmailHttpApp.Build([.. gmail.Arguments, "--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None", .. more]);
        await app.StartAsync();
        return app;
    }

    public static Task<McpClient> OverHttpAsync(WebApplication app, string token, string? version = null) =>
        McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions
            {
                Endpoint = new Uri(app.Urls.Single() + "/mcp"),
                TransportMode = HttpTransportMode.StreamableHttp,
                AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer " + token },
            }),
            new McpClientOptions { ProtocolVersion = version });

    public static Task<McpClient> OverStdioAsync(FakeGmail gmail, List<string> errors, params (string Name, string Value)[] environment)
    {
        var variables = StdioClientTransportOptions.GetDefaultEnvironmentVariables();
        foreach (var (name, value) in environment)
        {
            variables[name] = value;
        }

        return McpClient.CreateAsync(new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = "dotnet",
            Arguments = [Path.Combine(AppContext.BaseDirectory, "McpPortal.EmailServer.dll"), "--stdio", .. gmail.Arguments],
            InheritEnvironmentVariables = false,
            EnvironmentVariables = variables,
            StandardErrorLines = errors.Add,
        }));
    }

    public static Task<CallToolResult> CallAsync(this McpClient client, string tool, params (string Name, object? Value)[] arguments) =>
        client.CallToolAsync(tool, arguments.ToDictionary(a => a.Name, a => a.Value), cancellationToken: TestContext.Current.CancellationToken).AsTask();

    public static string Text(this CallToolResult result) => ((TextContentBlock)result.Content.Single()).Text;

    public static JsonElement Value(this CallToolResult result)
    {
        Assert.False(result.IsError == true, result.Text());
        return result.StructuredContent!.Value;
    }

    public static string Problem(this CallToolResult result)
    {
        Assert.True(result.IsError);
        return result.Text();
    }
}
