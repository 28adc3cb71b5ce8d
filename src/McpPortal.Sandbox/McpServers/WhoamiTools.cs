using System.Collections.Concurrent;
using System.ComponentModel;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpPortal.Sandbox.McpServers;

/// <summary>Tools that tell whose credential arrived, and a few that misbehave on request.</summary>
internal sealed class WhoamiTools(string transport, Func<RequestContext<CallToolRequestParams>, McpCaller> callerOf, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, long> _counts = new();

    public IReadOnlyList<McpServerTool> All =>
    [
        McpServerTool.Create(WhoamiAsync, new() { Name = "whoami", Title = "Who am I", ReadOnly = true, OpenWorld = false, UseStructuredContent = true }),
        McpServerTool.Create(HashArgument, new() { Name = "hash_argument", Title = "Hash a credential given as argument", ReadOnly = true, OpenWorld = false }),
        McpServerTool.Create(Echo, new() { Name = "echo", Title = "Echo", ReadOnly = true, OpenWorld = false }),
        McpServerTool.Create(Fail, new() { Name = "fail", Title = "Fail", ReadOnly = true, OpenWorld = false }),
        McpServerTool.Create(CountAsync, new() { Name = "count", Title = "Count with progress", ReadOnly = true, OpenWorld = false }),
        McpServerTool.Create(Large, new() { Name = "large", Title = "Large result", ReadOnly = true, OpenWorld = false }),
    ];

    [Description("Answers with the SHA-256 of the credential that arrived, and how often its owner called.")]
    private async Task<WhoamiAnswer> WhoamiAsync(
        RequestContext<CallToolRequestParams> request,
        [Description("Waits this many milliseconds before answering, at most a minute")] int delayMs = 0,
        CancellationToken cancellationToken = default)
    {
        var caller = callerOf(request);
        await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(delayMs, 0, 60_000)), time, cancellationToken);
        return new WhoamiAnswer(caller.CredentialHash, _counts.AddOrUpdate(caller.Owner, 1, (_, count) => count + 1), transport);
    }

    [Description("Answers with the SHA-256 of its argument, for credentials that travel as a tool argument.")]
    private static string HashArgument([Description("The credential")] string credential) => Randoms.Hash(credential);

    [Description("Answers with the text it was given.")]
    private static string Echo([Description("Any text")] string text) => text;

    [Description("Always fails, with the sentence it was given.")]
    private static string Fail([Description("What to say")] string message = "This tool always fails.") => throw new McpException(message);

    [Description("Counts to a number and reports each step.")]
    private async Task<string> CountAsync(
        RequestContext<CallToolRequestParams> request,
        [Description("How far, at most 1000")] int to = 5,
        [Description("Milliseconds for each step, at most 10000")] int stepMs = 100,
        CancellationToken cancellationToken = default)
    {
        var end = Math.Clamp(to, 1, 1000);
        for (var step = 1; step <= end; step++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(stepMs, 0, 10_000)), time, cancellationToken);
            if (request.Params?.ProgressToken is { } token)
            {
                // Awaited, unlike IProgress.Report, so that the last step leaves before the answer does.
                await request.Server.NotifyProgressAsync(token, new ProgressNotificationValue { Progress = step, Total = end, Message = $"Step {step} of {end}" }, cancellationToken: cancellationToken);
            }
        }

        return $"Counted to {end}.";
    }

    [Description("Answers with that many bytes of text.")]
    private static string Large([Description("Bytes, at most 50 million")] int bytes = 100_000) => new('x', Math.Clamp(bytes, 0, 50_000_000));
}
