using McpPortal.Coordination;
using McpPortal.Data;
using McpPortal.Sessions.Registry;
using McpPortal.StreamableHttp;

namespace McpPortal.Gateway;

/// <summary>
/// Tells the registry every few seconds how the sessions of this node are used, and at the end of the node that they are over. The sessions
/// are looked at for it, so that no request has to note anything.
/// </summary>
internal sealed partial class SessionReports(GatewaySessions sessions, SessionRows rows, ClientSessionWriter writer, TimeProvider time, ILogger<SessionReports> logger)
    : RepeatedWork(TimeSpan.FromSeconds(5), time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private Dictionary<ClientSessionId, LiveUse> _written = [];

    /// <summary>After the web server, whose last requests are answered by then.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            // Requests may have used up the time for stopping; this takes little of its own.
            using var patience = new CancellationTokenSource(Patience);
            await writer.WriteStopAsync(patience.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Other nodes find out by themselves that this one is gone.
            Tell(e);
        }
    }

    protected override async Task WorkAsync(CancellationToken cancellationToken)
    {
        await rows.TryWriteAsync();
        var now = new Dictionary<ClientSessionId, LiveUse>();
        foreach (var session in sessions.Table.List())
        {
            if (rows.Of(session.Id) is { } row)
            {
                now[row] = GatewaySessions.UseOf(session);
            }
        }

        KeyValuePair<ClientSessionId, LiveUse>[] changed = [.. now.Where(use => _written.GetValueOrDefault(use.Key) != use.Value)];
        if (changed.Length > 0)
        {
            await writer.WriteUsesAsync(changed, cancellationToken);
        }

        _written = now;
    }

    protected override void Tell(Exception fault) => Log.Failed(logger, fault.GetType().Name);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "How MCP clients' sessions are used could not be written ({Reason}).")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
