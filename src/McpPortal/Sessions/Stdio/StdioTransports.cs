namespace McpPortal.Sessions.Stdio;

/// <summary>Makes the transport over which an MCP client runs one user's program.</summary>
internal sealed class StdioTransports(ProcessHost host, StdioOptions options, TimeProvider clock, ILogger<GuardedStdioTransport> logger)
{
    public GuardedStdioTransport For(StdioLaunch launch) => new(host, launch, options, clock, logger);
}
