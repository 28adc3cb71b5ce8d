using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpPortal.Sessions.Stdio;

/// <summary>Lets the MCP client talk to an isolated child; stands in for the SDK's stdio transport, whose line reader has no bound.</summary>
internal sealed class GuardedStdioTransport(ProcessHost host, StdioLaunch launch, StdioOptions options, TimeProvider clock, ILogger<GuardedStdioTransport> logger) : IClientTransport
{
    public string Name => launch.Name;

    public async Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default)
    {
        var process = await host.StartAsync(launch, cancellationToken);
        return new GuardedStdioSession(process, launch, options, clock, logger);
    }
}
