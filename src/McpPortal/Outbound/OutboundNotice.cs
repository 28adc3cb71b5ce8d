using Microsoft.Extensions.Options;

namespace McpPortal.Outbound;

/// <summary>Says at start, outside Development, which internal hosts the portal may reach.</summary>
internal sealed partial class OutboundNotice(IOptions<OutboundOptions> options, IHostEnvironment environment, ILogger<OutboundNotice> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!environment.IsDevelopment() && options.Value.AllowedHosts.Count > 0)
        {
            Log.InternalHostsAllowed(logger, string.Join(", ", options.Value.AllowedHosts));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Outbound:AllowedHosts lets requests reach {Hosts} without the check for public addresses")]
        public static partial void InternalHostsAllowed(ILogger logger, string hosts);
    }
}
