using System.Text.Json;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Servers;

namespace McpPortal.TestConsole;

/// <summary>The three things that the console asks of the portal, always as the person in front of it.</summary>
internal sealed record ConsoleCalls(ConsoleCalls.ListServers Servers, ConsoleCalls.ListTools Tools, ConsoleCalls.CallTool Call)
{
    public delegate ValueTask<IReadOnlyList<ServerSnapshot>> ListServers(UserId user, CancellationToken cancellationToken);

    public delegate Task<ToolListOutcome> ListTools(UserId user, string server, CancellationToken cancellationToken);

    public delegate Task<CallOutcome> CallTool(UserId user, string server, string tool, JsonElement arguments, Action<CallProgress> progress, CancellationToken cancellationToken);

    public static ConsoleCalls Over(ServerCatalog catalog, UpstreamCallService calls) => new(
        catalog.ListAsync,
        (user, server, cancellationToken) => calls.ListToolsAsync(new Caller(user, CallVia.Console), server, cancellationToken),
        (user, server, tool, arguments, progress, cancellationToken) =>
            calls.CallToolAsync(new Caller(user, CallVia.Console), server, tool, arguments, new CallOptions { Progress = progress }, cancellationToken));
}
